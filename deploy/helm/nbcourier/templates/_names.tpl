{{/*
Names and labels. They are those of ngshare's chart, so that a release of that chart can be upgraded to this one with
`nameOverride: ngshare`. A Deployment's selector and the names of claims and Secrets cannot change.
*/}}
{{- define "nbcourier.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "nbcourier.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nbcourier.selectorLabels" -}}
app.kubernetes.io/name: {{ include "nbcourier.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "nbcourier.labels" -}}
{{ include "nbcourier.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{- end -}}

{{- define "nbcourier.claim" -}}
{{- default (printf "%s-pvc" (include "nbcourier.name" .)) .Values.pvc.existingClaim -}}
{{- end -}}

{{- define "nbcourier.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "nbcourier.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "nbcourier.image" -}}
{{- printf "%s:%s" .Values.image.repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}

{{/* The directory where the volume is mounted. ngshare's is /srv/ngshare. */}}
{{- define "nbcourier.mountPath" -}}
{{- default (printf "/srv/%s" (include "nbcourier.name" .)) .Values.pvc.mountPath | trimSuffix "/" -}}
{{- end -}}

{{/* The data directory. Other data in the volume, such as ngshare's, stays beside it. */}}
{{- define "nbcourier.dataDir" -}}
{{- include "nbcourier.mountPath" . }}/nbcourier-data
{{- end -}}
