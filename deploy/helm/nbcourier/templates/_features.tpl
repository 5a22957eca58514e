{{/*
Settings of the chart that the program of this version understands. Other ones are refused, since the pod would never
start with them. tests/deploy compares the list with the flags of the program.

  database    PostgreSQL
  s3          blobs in an S3 bucket
  signingKey  the key for sessions and receipts in a Secret
  replicas    several replicas, which needs the other three
*/}}
{{- define "nbcourier.features" -}}
{{- list "database" "s3" "signingKey" "replicas" | toJson -}}
{{- end -}}

{{/* "true" if the program understands the feature of this name. */}}
{{- define "nbcourier.understands" -}}
{{- if has . (include "nbcourier.features" nil | fromJsonArray) }}true{{ end -}}
{{- end -}}
