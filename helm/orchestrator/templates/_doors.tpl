{{/* A Service before one part: .root, .part, .name, .headless, .port (none where it only names pods) */}}
{{- define "orchestrator.door" -}}
apiVersion: v1
kind: Service
metadata: {{- include "orchestrator.metadata" . | nindent 2 }}
spec:
  {{- if .headless }}
  clusterIP: None
  publishNotReadyAddresses: true   # its pages are read while it recovers
  {{- end }}
  selector: {{- include "orchestrator.selector" . | nindent 4 }}
  {{- with .port }}
  ports:
    - name: http
      port: {{ . }}
      targetPort: http
  {{- end }}
{{- end -}}

{{/* What one part may be asked by and may ask: .root, .part, .port, .from (peers; empty: anyone), .kafka, .outside */}}
{{- define "orchestrator.policy" -}}
{{- $network := .root.Values.networkPolicy -}}
{{- if $network.enabled -}}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {{- include "orchestrator.metadata" . | nindent 2 }}
spec:
  podSelector:
    matchLabels: {{- include "orchestrator.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  {{- if .port }}
  ingress:
    - ports:
        - {protocol: TCP, port: {{ .port }}}
      {{- with .from }}
      from: {{- toYaml . | nindent 8 }}
      {{- end }}
  {{- end }}
  egress:
    - ports:
        - {protocol: UDP, port: 53}
        - {protocol: TCP, port: 53}
    {{- if .kafka }}
    - ports:
        {{- range regexFindAll ":[0-9]+" .root.Values.kafka.brokers -1 | uniq }}
        - {protocol: TCP, port: {{ trimPrefix ":" . }}}
        {{- end }}
      {{- with $network.brokers }}
      to: {{- toYaml . | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if or .outside (and .workspace .root.Values.workspace.git.repository) }}
    - ports:
        {{- range $network.outside }}
        - {protocol: TCP, port: {{ . }}}
        {{- end }}
      to:
        - ipBlock:
            cidr: 0.0.0.0/0
            except: [10.0.0.0/8, 100.64.0.0/10, 169.254.0.0/16, 172.16.0.0/12, 192.168.0.0/16]
        - ipBlock:
            cidr: ::/0
            except: [fc00::/7, fe80::/10]
    {{- with $network.inside }}{{ toYaml . | nindent 4 }}{{ end }}
    {{- end }}
{{- end -}}
{{- end -}}

{{/* Who may read pages; an empty selector is the release's namespace. */}}
{{- define "orchestrator.scrapers" -}}
{{- .Values.networkPolicy.scrapers | default (list (dict "podSelector" dict)) | toJson -}}
{{- end -}}

{{/* Who may send events. Nobody in particular: anyone. */}}
{{- define "orchestrator.clients" -}}
{{- with .Values.networkPolicy.clients -}}
{{- concat . (include "orchestrator.scrapers" $ | fromJsonArray) | toJson -}}
{{- else -}}
[]
{{- end -}}
{{- end -}}

{{/* One pod at a time may be taken away. */}}
{{- define "orchestrator.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{- include "orchestrator.metadata" . | nindent 2 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels: {{- include "orchestrator.selector" . | nindent 6 }}
{{- end -}}

{{/* A volume of its own for each pod: .root, .part, .name, .storage */}}
{{- define "orchestrator.claim" -}}
- metadata:
    name: {{ .name }}
    labels: {{- include "orchestrator.selector" . | nindent 6 }}
  spec:
    accessModes: [ReadWriteOnce]
    {{- with .storage.className }}
    storageClassName: {{ . }}
    {{- end }}
    resources:
      requests:
        storage: {{ .storage.size }}
{{- end -}}
