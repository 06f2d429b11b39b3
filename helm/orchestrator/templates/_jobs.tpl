{{/* A command that reads the workspace and ends, as a hook: .root, .part, .when, .hook, .args, .suffix (of the archive's ConfigMap), .account */}}
{{- define "orchestrator.job" -}}
apiVersion: batch/v1
kind: Job
metadata: {{- include "orchestrator.metadata" . | nindent 2 }}
spec:
  backoffLimit: {{ .retries }}
  activeDeadlineSeconds: 300
  template:
    metadata:
      labels: {{- include "orchestrator.selector" . | nindent 8 }}
    spec:
      restartPolicy: Never
      {{- include "orchestrator.surroundings" . | nindent 6 }}
      initContainers:
        {{- include "orchestrator.fetch" .root | nindent 8 }}
      containers:
        - name: {{ .part }}
          {{- include "orchestrator.container" .root | nindent 10 }}
          args: {{- toYaml .args | nindent 12 }}
          env:
            {{- include "orchestrator.home" .root | nindent 12 }}
          {{- if .kafka }}
            {{- range $name, $value := .root.Values.settings }}
            {{- if hasPrefix "ORCHESTRATOR_KAFKA_" $name }}
            - name: {{ $name }}
              value: {{ $value | quote }}
            {{- end }}
            {{- end }}
          {{- include "orchestrator.secrets" (list .root.Values.kafka.existingSecret | compact) | nindent 10 }}
          {{- end }}
          resources:
            requests: {cpu: 250m, memory: 256Mi, ephemeral-storage: 64Mi}
            limits: {cpu: "1", memory: 512Mi, ephemeral-storage: 256Mi}
          volumeMounts:
            - name: tmp
              mountPath: /tmp
            - name: workspace
              mountPath: /workspace
              readOnly: true
            {{- if .kafka }}{{ include "orchestrator.certificates.mount" .root | nindent 12 }}{{ end }}
      volumes:
        {{- include "orchestrator.volumes" . | nindent 8 }}
        {{- if .kafka }}{{ include "orchestrator.certificates.volume" .root | nindent 8 }}{{ end }}
{{- end -}}
