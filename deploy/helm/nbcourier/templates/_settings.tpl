{{/*
The settings of the service as JSON: the defaults, then `ngshare:`, then `nbcourier:`.
*/}}
{{- define "nbcourier.service" -}}
{{- $name := include "nbcourier.name" . -}}
{{- $service := dict "admins" list "hub_base_url" "/" "debug" false "upgrade_db" true "env" dict "args" list
    "settings" dict "oauth_client_id" (printf "service-%s" $name) -}}
{{- range list .Values.ngshare .Values.nbcourier -}}
{{- range $key, $value := . -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $service $key $value -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $base := printf "/%s/" (trimAll "/" $service.hub_base_url) | replace "//" "/" -}}
{{- $_ := set $service "hub_base_url" $base -}}
{{- if not $service.hub_api_url -}}
{{- $host := "hub" -}}
{{- if .Values.hub.namespace -}}
{{- $host = printf "hub.%s.svc.cluster.local" .Values.hub.namespace -}}
{{- end -}}
{{- $_ := set $service "hub_api_url" (printf "http://%s:8081%shub/api" $host $base) -}}
{{- end -}}
{{- if not $service.service_prefix -}}
{{- $_ := set $service "service_prefix" (printf "%sservices/%s/" $base $name) -}}
{{- end -}}
{{- $service | toJson -}}
{{- end -}}

{{/*
The service's token for the hub. It stays the same over upgrades. Tools that render without a cluster find no Secret, so
they need hub.existingSecret or hub_api_token.
*/}}
{{- define "nbcourier.token" -}}
{{- $service := include "nbcourier.service" . | fromJson -}}
{{- if $service.hub_api_token -}}
{{- $service.hub_api_token -}}
{{- else -}}
{{- $found := lookup "v1" "Secret" .Release.Namespace (printf "%s-token" (include "nbcourier.name" .)) -}}
{{- $kept := dig "data" "token" "" (default dict $found) -}}
{{- if $kept -}}
{{- $kept | b64dec -}}
{{- else -}}
{{- randAlphaNum 64 -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The text of a value. Helm reads every number of a file as a floating-point one. */}}
{{- define "nbcourier.text" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{- int64 . -}}
{{- else -}}
{{- . -}}
{{- end -}}
{{- end -}}

{{/* A TOML value. */}}
{{- define "nbcourier.toml" -}}
{{- if kindIs "slice" . -}}
[{{- range $index, $value := . }}{{ if $index }}, {{ end }}{{ include "nbcourier.toml" $value }}{{ end -}}]
{{- else if kindIs "string" . -}}
{{- . | toRawJson -}}
{{- else -}}
{{- include "nbcourier.text" . -}}
{{- end -}}
{{- end -}}

{{/* The configuration file of the program. */}}
{{- define "nbcourier.config" -}}
{{- $service := include "nbcourier.service" . | fromJson -}}
{{- $settings := omit $service.settings "groups" -}}
{{- with $service.admins }}{{ $_ := set $settings "admins" . }}{{ end -}}
{{- if $service.debug }}{{ $_ := set $settings "debug" true }}{{ end -}}
{{- if not $service.upgrade_db }}{{ $_ := set $settings "no-upgrade-db" true }}{{ end -}}
{{- if and .Values.database.url .Values.database.connections -}}
{{- $_ := set $settings "database-connections" (int .Values.database.connections) -}}
{{- end -}}
{{- if .Values.metrics.enabled -}}
{{- $_ := set $settings "metrics-address" (printf "0.0.0.0:%d" (int .Values.metrics.port)) -}}
{{- if .Values.metrics.existingSecret -}}
{{- $_ := set $settings "metrics-token-file" (printf "/etc/nbcourier/metrics/%s" .Values.metrics.tokenKey) -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $settings }}
{{ $key }} = {{ include "nbcourier.toml" $value }}
{{- end }}
{{- range $service.settings.groups }}

[[groups]]
{{- range $key, $value := . }}
{{ $key }} = {{ include "nbcourier.toml" $value }}
{{- end }}
{{- end }}
{{- end -}}

{{/* "true" if the database and the blobs are outside of the pod. */}}
{{- define "nbcourier.isShared" -}}
{{- if and .Values.database.url .Values.s3.bucket }}true{{ end -}}
{{- end -}}

{{/* The environment as a JSON list. Variables of the values replace those of the chart. */}}
{{- define "nbcourier.environment" -}}
{{- $service := include "nbcourier.service" . | fromJson -}}
{{- $name := include "nbcourier.name" . -}}
{{- $secret := dict "name" (default (printf "%s-token" $name) .Values.hub.existingSecret) "key" "token" -}}
{{- if .Values.hub.existingSecret -}}
{{- $_ := set $secret "key" (default (printf "hub.services.%s.apiToken" $name) .Values.hub.existingSecretKey) -}}
{{- end -}}
{{- $environment := list
    (dict "name" "JUPYTERHUB_SERVICE_NAME" "value" $name)
    (dict "name" "JUPYTERHUB_API_TOKEN" "valueFrom" (dict "secretKeyRef" $secret))
    (dict "name" "JUPYTERHUB_API_URL" "value" $service.hub_api_url)
    (dict "name" "JUPYTERHUB_BASE_URL" "value" $service.hub_base_url)
    (dict "name" "JUPYTERHUB_SERVICE_PREFIX" "value" $service.service_prefix)
    (dict "name" "JUPYTERHUB_SERVICE_URL" "value" "http://0.0.0.0:8080/")
    (dict "name" "JUPYTERHUB_CLIENT_ID" "value" $service.oauth_client_id)
    (dict "name" "NBCOURIER_CONFIG" "value" "/etc/nbcourier/nbcourier.toml") -}}
{{- $environment = concat $environment (include "nbcourier.placesEnvironment" . | fromJsonArray) -}}
{{- with .Values.signingKey.existingSecret -}}
{{- $file := printf "/etc/nbcourier/signing-key/%s" $.Values.signingKey.key -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_SIGNING_KEY_FILE" "value" $file) -}}
{{- end -}}
{{- $result := list -}}
{{- range $environment -}}
{{- if not (hasKey $service.env .name) -}}
{{- $result = append $result . -}}
{{- end -}}
{{- end -}}
{{- range $key, $value := $service.env -}}
{{- if kindIs "map" $value -}}
{{- $result = append $result (merge (dict "name" $key) $value) -}}
{{- else -}}
{{- $result = append $result (dict "name" $key "value" (include "nbcourier.text" $value)) -}}
{{- end -}}
{{- end -}}
{{- $result | toJson -}}
{{- end -}}

{{/*
The variables that name the places of the data, as a JSON list. They are variables, so that commands in the running
container find the data as well: kubectl exec deploy/nbcourier -- nbcourier fsck
*/}}
{{- define "nbcourier.placesEnvironment" -}}
{{- $environment := list -}}
{{- if include "nbcourier.isShared" . -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_SPOOL_DIR" "value" "/var/spool/nbcourier") -}}
{{- /* The image names another directory, which nobody can write to without a volume. */ -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_DATA_DIR" "value" "/var/spool/nbcourier") -}}
{{- else -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_DATA_DIR" "value" (include "nbcourier.dataDir" .)) -}}
{{- end -}}
{{- with .Values.database -}}
{{- if .url -}}
{{- $url := .url -}}
{{- if .sslRootCert -}}
{{- $url = printf "%s%ssslrootcert=/etc/nbcourier/database-ca/ca.pem" $url (ternary "&" "?" (contains "?" $url)) -}}
{{- end -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_DATABASE" "value" $url) -}}
{{- if .existingSecret -}}
{{- $file := printf "/etc/nbcourier/database/%s" .passwordKey -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_DATABASE_PASSWORD_FILE" "value" $file) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- with .Values.s3 -}}
{{- if .bucket -}}
{{- $url := printf "s3://%s/%s" .bucket (trimAll "/" .prefix) | trimSuffix "/" -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_STORAGE" "value" $url) -}}
{{- with .endpoint }}{{ $environment = append $environment (dict "name" "NBCOURIER_S3_ENDPOINT" "value" .) }}{{ end -}}
{{- if .allowHttp }}{{ $environment = append $environment (dict "name" "NBCOURIER_S3_ALLOW_HTTP" "value" "true") }}{{ end -}}
{{- with .region }}{{ $environment = append $environment (dict "name" "NBCOURIER_S3_REGION" "value" .) }}{{ end -}}
{{- if .existingSecret -}}
{{- $access := dict "name" .existingSecret "key" .accessKeyIdKey -}}
{{- $environment = append $environment (dict "name" "AWS_ACCESS_KEY_ID" "valueFrom" (dict "secretKeyRef" $access)) -}}
{{- $file := printf "/etc/nbcourier/s3/%s" .secretAccessKeyKey -}}
{{- $environment = append $environment (dict "name" "NBCOURIER_S3_SECRET_KEY_FILE" "value" $file) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $environment | toJson -}}
{{- end -}}

{{/* The seconds that open requests get when the pod stops: the program's setting, 60 by default. */}}
{{- define "nbcourier.shutdownSeconds" -}}
{{- $service := include "nbcourier.service" . | fromJson -}}
{{- $given := dig "shutdown-timeout" 60 $service.settings -}}
{{- if kindIs "float64" $given }}{{ $given = int64 $given }}{{ end -}}
{{- $text := toString $given -}}
{{- $number := regexFind "^[0-9]+" $text | int64 -}}
{{- $unit := trimPrefix (regexFind "^[0-9]+" $text) $text | trim -}}
{{- mul $number (get (dict "" 1 "s" 1 "m" 60 "h" 3600 "d" 86400) $unit | default 1) -}}
{{- end -}}
