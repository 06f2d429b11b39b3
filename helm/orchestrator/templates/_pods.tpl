{{/* The pod of one part: .root, .part, .args, .port, .drain (seconds), .startup (seconds), .preStop (seconds), .named (it is told its pod's name), .workspace (it reads the workspace
     and, unless .keyless, the secrets), .hashes (of the secrets it reads the key of addresses), .alive and .ready (the pages that say so, where they are others than /health and /ready),
     .within (the URL before them, where they are on the pod's own loopback), .resources, .mounts */}}
{{- define "orchestrator.pod" -}}
{{- $values := .root.Values -}}
metadata:
  labels:
    {{- include "orchestrator.selector" . | nindent 4 }}
    {{- with $values.podLabels }}{{ toYaml . | nindent 4 }}{{ end }}
  annotations:
    checksum/settings: {{ toJson $values.settings | sha256sum }}
    checksum/workspace: {{ toJson (omit $values.workspace "check") | sha256sum }}
    {{- with $values.podAnnotations }}{{ toYaml . | nindent 4 }}{{ end }}
spec:
  {{- include "orchestrator.surroundings" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ add .drain (.preStop | default 0) }}
  topologySpreadConstraints:
    {{- range list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
    - topologyKey: {{ . }}
      maxSkew: 1
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "orchestrator.selector" $ | nindent 10 }}
    {{- end }}
  {{- if .workspace }}
  initContainers:
    {{- include "orchestrator.fetch" .root | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .part }}
      {{- include "orchestrator.container" .root | nindent 6 }}
      args: {{- toYaml .args | nindent 8 }}
      env:
        {{- include "orchestrator.home" .root | nindent 8 }}
        {{- if .named }}
        - name: POD_NAME
          valueFrom:
            fieldRef:
              fieldPath: metadata.name
        {{- end }}
        {{- if and .hashes $values.existingSecret }}
        - name: ORCHESTRATOR_ADDRESS_KEY
          valueFrom:
            secretKeyRef: {name: {{ $values.existingSecret }}, key: ORCHESTRATOR_ADDRESS_KEY, optional: true}
        {{- end }}
        {{- include "orchestrator.telling" $values.monitoring | nindent 8 }}
        {{- range $name, $value := $values.settings }}
        - name: {{ $name }}
          value: {{ $value | quote }}
        {{- end }}
      {{- $secrets := list (ternary $values.existingSecret "" (and (.workspace | default false) (not .keyless))) (ternary $values.kafka.existingSecret "" (eq $values.mode "distributed")) | compact }}
      {{- include "orchestrator.secrets" $secrets | nindent 6 }}
      ports:
        - name: http
          containerPort: {{ .port }}
      startupProbe:
        {{- include "orchestrator.asked" (dict "path" (.alive | default "/health") "within" .within) | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: {{ div .startup 5 }}
      livenessProbe:
        {{- include "orchestrator.asked" (dict "path" (.alive | default "/health") "within" .within) | nindent 8 }}
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        {{- include "orchestrator.asked" (dict "path" (.ready | default "/ready") "within" .within) | nindent 8 }}
        periodSeconds: 5
        timeoutSeconds: 5
        failureThreshold: 2
      {{- with .preStop }}
      lifecycle:
        preStop:
          exec:
            command: [sleep, {{ . | quote }}]
      {{- end }}
      resources: {{- toYaml .resources | nindent 8 }}
      volumeMounts:
        - name: tmp
          mountPath: /tmp
        {{- if .workspace }}
        - name: workspace
          mountPath: /workspace
          readOnly: true
        {{- end }}
        {{- with .mounts }}{{ toYaml . | nindent 8 }}{{ end }}
        {{- include "orchestrator.certificates.mount" .root | nindent 8 }}
  volumes:
    {{- include "orchestrator.volumes" . | nindent 4 }}
    {{- include "orchestrator.certificates.volume" .root | nindent 4 }}
{{- end -}}

{{/* How a probe asks: for .path, from .within the pod where nobody else reaches its pages. */}}
{{- define "orchestrator.asked" -}}
{{- if .within -}}
exec:
  command: [python, -c, "import urllib.request as web; web.urlopen('{{ .within }}{{ .path }}', timeout=4)"]
{{- else -}}
httpGet: {path: {{ .path }}, port: http}
{{- end -}}
{{- end -}}

{{/* How it logs, and where its traces go. */}}
{{- define "orchestrator.telling" -}}
- name: ORCHESTRATOR_LOG
  value: {{ .logs }}
{{- with .traces }}
{{- if .endpoint }}
- name: OTEL_EXPORTER_OTLP_ENDPOINT
  value: {{ .endpoint | quote }}
- name: OTEL_TRACES_SAMPLER
  value: traceidratio
- name: OTEL_TRACES_SAMPLER_ARG
  value: {{ .share | quote }}
{{- end }}
{{- end }}
{{- end -}}

{{/* Variables from these Secrets. */}}
{{- define "orchestrator.secrets" -}}
{{- with . -}}
envFrom:
{{- range . }}
  - secretRef:
      name: {{ . }}
{{- end }}
{{- end }}
{{- end -}}

{{/* What opens the brokers, as files. */}}
{{- define "orchestrator.certificates.mount" -}}
{{- if and .Values.kafka.certificates (eq .Values.mode "distributed") -}}
- name: certificates
  mountPath: /certificates
  readOnly: true
{{- end }}
{{- end -}}

{{- define "orchestrator.certificates.volume" -}}
{{- if and .Values.kafka.certificates (eq .Values.mode "distributed") -}}
- name: certificates
  secret:
    secretName: {{ .Values.kafka.certificates }}
    defaultMode: 0440
{{- end }}
{{- end -}}

{{/* What a pod is made of whatever it does. */}}
{{- define "orchestrator.surroundings" -}}
{{- $values := .root.Values -}}
serviceAccountName: {{ .account | default (include "orchestrator.fullname" .root) }}
automountServiceAccountToken: false
enableServiceLinks: false
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with $values.nodeSelector }}
nodeSelector: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations: {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- define "orchestrator.container" -}}
image: {{ include "orchestrator.image" . }}
imagePullPolicy: {{ .Values.image.pullPolicy }}
{{ include "orchestrator.locked" . }}
{{- end -}}

{{- define "orchestrator.locked" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end -}}

{{/* The image has no user of this number, so no home either. */}}
{{- define "orchestrator.home" -}}
- name: HOME
  value: /tmp
{{- end -}}

{{- define "orchestrator.workspace" -}}
{{ printf "/workspace/current/%s" .Values.workspace.folder | trimSuffix "/" }}
{{- end -}}

{{/* The container that brings the workspace to /workspace/current. */}}
{{- define "orchestrator.fetch" -}}
{{- with .Values.workspace -}}
- name: workspace
  {{- if .git.repository }}
  image: {{ .git.image }}
  imagePullPolicy: IfNotPresent
  {{- include "orchestrator.locked" $ | nindent 2 }}
    runAsUser: 65533    # ssh wants a user whom the image knows
  args:
    - --repo={{ .git.repository }}
    - --ref={{ .git.commit }}
    - --root=/workspace
    - --link=current
    - --depth=1
    - --submodules=off
    - --one-time
    - --max-failures=3
  {{- with .git.existingSecret }}
  env:
    {{- range list "username" "password" }}
    - name: GITSYNC_{{ upper . }}
      valueFrom:
        secretKeyRef: {name: {{ $.Values.workspace.git.existingSecret }}, key: {{ . }}, optional: true}
    {{- end }}
  {{- end }}
  {{- else }}
  {{- include "orchestrator.container" $ | nindent 2 }}
  command: [python, -m, tarfile, --extract, /archive/workspace.tar.gz, /workspace/current]
  {{- end }}
  resources:
    requests: {cpu: 100m, memory: 64Mi, ephemeral-storage: 64Mi}
    limits: {cpu: 500m, memory: 256Mi, ephemeral-storage: 256Mi}
  volumeMounts:
    - name: tmp
      mountPath: /tmp
    - name: workspace
      mountPath: /workspace
    {{- if not .git.repository }}
    - name: archive
      mountPath: /archive
      readOnly: true
    {{- else if .git.existingSecret }}
    - name: git
      mountPath: /etc/git-secret
      readOnly: true
    {{- end }}
{{- end -}}
{{- end -}}

{{- define "orchestrator.volumes" -}}
- name: tmp
  emptyDir: {sizeLimit: 64Mi}
{{- if .workspace }}
- name: workspace
  emptyDir: {sizeLimit: 256Mi}
{{- with .root.Values.workspace }}
{{- if not .git.repository }}
- name: archive
  configMap:
    name: {{ .configMap | default (printf "%s-workspace%s" (include "orchestrator.fullname" $.root) ($.suffix | default "")) }}
{{- else if .git.existingSecret }}
- name: git
  secret:
    secretName: {{ .git.existingSecret }}
    defaultMode: 0440
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
