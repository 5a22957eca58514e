{{- define "nbcourier.podSecurityContext" -}}
{{- /* The policy Always would open the signing key to the group at each start, and the program refuses such a key. */ -}}
{{- $ours := dict "runAsNonRoot" true "fsGroup" (int .Values.deployment.fsGroup) "fsGroupChangePolicy" "OnRootMismatch"
    "seccompProfile" (dict "type" "RuntimeDefault") -}}
{{- range $key, $value := .Values.deployment.podSecurityContext -}}
{{- $_ := set $ours $key $value -}}
{{- end -}}
{{- toYaml $ours -}}
{{- end -}}

{{- define "nbcourier.containerSecurityContext" -}}
{{- $ours := dict "runAsUser" 65535 "runAsGroup" 65535 "readOnlyRootFilesystem" true
    "allowPrivilegeEscalation" false "capabilities" (dict "drop" (list "ALL")) -}}
{{- range $key, $value := .Values.deployment.containerSecurityContext -}}
{{- $_ := set $ours $key $value -}}
{{- end -}}
{{- toYaml $ours -}}
{{- end -}}

{{/* Mounts of the server and of the import. */}}
{{- define "nbcourier.dataMounts" -}}
- name: tmp
  mountPath: /tmp
{{- if include "nbcourier.isShared" . }}
- name: spool
  mountPath: /var/spool/nbcourier
{{- else }}
- name: {{ include "nbcourier.name" . }}-pvc
  mountPath: {{ include "nbcourier.mountPath" . }}
{{- end }}
{{- if .Values.database.existingSecret }}
- name: database-password
  mountPath: /etc/nbcourier/database
  readOnly: true
{{- end }}
{{- if .Values.database.sslRootCert }}
- name: database-ca
  mountPath: /etc/nbcourier/database-ca
  readOnly: true
{{- end }}
{{- end -}}

{{- define "nbcourier.volumeMounts" -}}
- name: config
  mountPath: /etc/nbcourier/nbcourier.toml
  subPath: nbcourier.toml
  readOnly: true
{{ include "nbcourier.dataMounts" . }}
{{- if .Values.metrics.existingSecret }}
- name: metrics-token
  mountPath: /etc/nbcourier/metrics
  readOnly: true
{{- end }}
{{- if .Values.s3.existingSecret }}
- name: s3-key
  mountPath: /etc/nbcourier/s3
  readOnly: true
{{- end }}
{{- if .Values.signingKey.existingSecret }}
- name: signing-key
  mountPath: /etc/nbcourier/signing-key
  readOnly: true
{{- end }}
{{- with .Values.deployment.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
Imports the data of ngshare from the same volume, which is only read. It happens once, before the first start. If
something is left behind, the container fails, its log names it, and nothing is served until the operator has decided.
*/}}
{{- define "nbcourier.importContainer" -}}
{{- $import := .Values.import.ngshare -}}
{{- $mount := include "nbcourier.mountPath" . -}}
- name: import-ngshare
  image: {{ include "nbcourier.image" . | quote }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  args:
    - import
    - ngshare
    - --once
    - --if-exists
    - --database
    - {{ default (printf "%s/ngshare.db" $mount) $import.database }}
    - --storage
    - {{ default (printf "%s/files" $mount) $import.storage }}
    {{- range $import.services }}
    - --service
    - {{ . | quote }}
    {{- end }}
    {{- if $import.damaged }}
    - --damaged
    {{- end }}
    {{- if $import.incomplete }}
    - --incomplete
    {{- end }}
    {{- with $import.args }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  env:
    {{- include "nbcourier.placesEnvironment" . | fromJsonArray | toYaml | nindent 4 }}
  resources:
    {{- toYaml .Values.deployment.resources | nindent 4 }}
  securityContext:
    {{- include "nbcourier.containerSecurityContext" . | nindent 4 }}
  volumeMounts:
    {{- include "nbcourier.dataMounts" . | nindent 4 }}
{{- end -}}
