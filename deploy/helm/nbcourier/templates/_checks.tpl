{{/* Refuses values that lead to a pod that never starts, or to lost work. Each refusal is one sentence or two. */}}
{{- define "nbcourier.check" -}}
{{- $service := include "nbcourier.service" . | fromJson -}}
{{- $deployment := .Values.deployment -}}
{{- $version := .Chart.AppVersion -}}

{{- if and .Values.database.url (not (include "nbcourier.understands" "database")) -}}
{{- fail (printf "database.url is set, but nbcourier %s keeps its database in the volume. Remove `database`." $version) -}}
{{- end -}}
{{- if and .Values.s3.bucket (not (include "nbcourier.understands" "s3")) -}}
{{- fail (printf "s3.bucket is set, but nbcourier %s keeps files in the volume. Remove `s3`." $version) -}}
{{- end -}}
{{- if and .Values.signingKey.existingSecret (not (include "nbcourier.understands" "signingKey")) -}}
{{- fail (printf "signingKey.existingSecret is set, but nbcourier %s creates its signing key in the volume. Remove `signingKey`." $version) -}}
{{- end -}}
{{- if gt (int $deployment.replicaCount) 1 -}}
{{- if not (include "nbcourier.isShared" .) -}}
{{- fail (printf "deployment.replicaCount is %d, but several replicas cannot share the volume. Set it to 1. Several replicas need PostgreSQL (database.url) and S3 (s3.bucket)." (int $deployment.replicaCount)) -}}
{{- end -}}
{{- if not (include "nbcourier.understands" "replicas") -}}
{{- fail (printf "deployment.replicaCount is %d, but nbcourier %s runs as one replica. Set it to 1." (int $deployment.replicaCount) $version) -}}
{{- end -}}
{{- end -}}

{{- $strategy := $deployment.strategy -}}
{{- if and (not (include "nbcourier.isShared" .)) (eq (default "" $strategy.type) "RollingUpdate") -}}
{{- if ne (toString (dig "rollingUpdate" "maxSurge" "25%" $strategy)) "0" -}}
{{- fail "deployment.strategy starts a new pod while the old one still holds the volume, so the new pod would never start. Remove deployment.strategy." -}}
{{- end -}}
{{- end -}}

{{- if hasSuffix "libretexts/ngshare" .Values.image.repository -}}
{{- fail "image.repository is the image of ngshare. Set image.repository to the image of nbcourier, and remove image.tag." -}}
{{- end -}}

{{- range $service.args -}}
{{- $flag := regexFind "^--[a-z-]+" (toString .) -}}
{{- if has $flag (list "--data-dir" "--storage" "--database") -}}
{{- fail (printf "args has %s, but the chart decides where data is kept. Remove the flag. If it names the data of ngshare, set import.ngshare.database and import.ngshare.storage." $flag) -}}
{{- end -}}
{{- if has $flag (list "--standalone" "--vngshare") -}}
{{- fail (printf "args has %s, which serves without a hub and on a loopback address only, so nothing outside of the pod could reach it. Remove the flag." $flag) -}}
{{- end -}}
{{- end -}}

{{- range $service.admins -}}
{{- if ne (trim .) . -}}
{{- fail (printf "admins has %q with blanks around the name, which is no name of a user. Remove the blanks." .) -}}
{{- end -}}
{{- if eq . "" -}}
{{- fail "admins has an empty name. Remove it." -}}
{{- end -}}
{{- end -}}
{{- if and (hasKey $service.settings "admins") -}}
{{- fail "settings.admins is set, but the chart has `admins` for it. Move the names there." -}}
{{- end -}}

{{- if and .Values.hub.existingSecret $service.hub_api_token -}}
{{- fail "Both hub.existingSecret and hub_api_token are set, and they may differ. Remove one of them." -}}
{{- end -}}
{{- if and .Values.database.url (contains "@" .Values.database.url) -}}
{{- if contains ":" (regexFind "^[a-z]+://[^@]*@" .Values.database.url | trimPrefix "postgresql://" | trimPrefix "postgres://") -}}
{{- fail "database.url has a password, which everybody who can read the Deployment would see. Put the password into a Secret, and name that in database.existingSecret." -}}
{{- end -}}
{{- end -}}
{{- if and (not .Values.database.url) (or .Values.database.existingSecret .Values.database.sslRootCert .Values.database.connections) -}}
{{- fail "database has settings for PostgreSQL, but no url. Set database.url, or remove `database`." -}}
{{- end -}}
{{- if and .Values.metrics.serviceMonitor.enabled (not .Values.metrics.enabled) -}}
{{- fail "metrics.serviceMonitor.enabled is true, but metrics.enabled is false, so there would be nothing to scrape. Set metrics.enabled to true." -}}
{{- end -}}
{{- if and (include "nbcourier.isShared" .) (include "nbcourier.isImporting" .) -}}
{{- fail "import.ngshare.enabled is true, but ngshare's volume is not mounted with PostgreSQL and S3. Import into the volume first, and move the data afterwards." -}}
{{- end -}}
{{- end -}}

{{/* "true" if the pod imports the data of ngshare before its first start. */}}
{{- define "nbcourier.isImporting" -}}
{{- $given := .Values.import.ngshare.enabled -}}
{{- if kindIs "bool" $given -}}
{{- if $given }}true{{ end -}}
{{- else if eq (include "nbcourier.name" .) "ngshare" -}}
true
{{- end -}}
{{- end -}}
