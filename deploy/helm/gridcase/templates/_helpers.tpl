{{- define "gridcase.labels" -}}
app.kubernetes.io/name: gridcase
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "gridcase.selector" -}}
app.kubernetes.io/name: gridcase
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "gridcase.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{- define "gridcase.env" -}}
- { name: KAFKA_BOOTSTRAP_SERVERS, value: {{ .Values.kafka.bootstrapServers | quote }} }
- { name: GRIDCASE_KAFKA_SECURITY_PROTOCOL, value: {{ .Values.kafka.securityProtocol }} }
{{- if hasPrefix "SASL" .Values.kafka.securityProtocol }}
{{- $secret := required "kafka.secret is needed with SASL" .Values.kafka.secret }}
- { name: GRIDCASE_KAFKA_SASL_MECHANISM, value: {{ .Values.kafka.saslMechanism }} }
- name: GRIDCASE_KAFKA_USERNAME
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: username } }
- name: GRIDCASE_KAFKA_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ $secret }}, key: password } }
{{- end }}
{{- if hasSuffix "SSL" .Values.kafka.securityProtocol }}
- { name: GRIDCASE_KAFKA_CA_FILE, value: /etc/gridcase/kafka/ca.crt }
{{- end }}
- name: MONGO_URL
  valueFrom: { secretKeyRef: { name: {{ .Values.mongo.secret }}, key: url } }
{{- with .Values.access.secret }}
- name: GRIDCASE_TOKENS
  valueFrom: { secretKeyRef: { name: {{ . }}, key: tokens } }
{{- end }}
- { name: GRIDCASE_PREFIX, value: {{ .Values.prefix | quote }} }
- { name: GRIDCASE_PARTITIONS, value: {{ .Values.partitions | quote }} }
{{- range $name, $value := .Values.extraEnv }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "gridcase.mounts" -}}
- { name: tmp, mountPath: /tmp }
{{- if hasSuffix "SSL" .Values.kafka.securityProtocol }}
- { name: kafka, mountPath: /etc/gridcase/kafka, readOnly: true }
{{- end }}
{{- if .Values.reference.configMap }}
- { name: reference, mountPath: {{ .Values.reference.folder }}, readOnly: true }
{{- end }}
{{- end }}

{{- define "gridcase.volumes" -}}
- { name: tmp, emptyDir: {} }
{{- if hasSuffix "SSL" .Values.kafka.securityProtocol }}
- name: kafka
  secret:
    secretName: {{ required "kafka.secret is needed with TLS" .Values.kafka.secret }}
    items: [{ key: ca.crt, path: ca.crt }]
{{- end }}
{{- if .Values.reference.configMap }}
- { name: reference, configMap: { name: {{ .Values.reference.configMap }} } }
{{- end }}
{{- end }}

{{- define "gridcase.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "gridcase.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile: { type: RuntimeDefault }
{{- end }}
