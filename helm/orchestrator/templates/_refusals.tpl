{{/* What no schema can say. Each names the value and the way out. */}}
{{- define "orchestrator.refuse" -}}
{{- with .Values -}}
{{- if not .image.repository -}}
{{- fail "image.repository: name the image that you built of helm/Dockerfile" -}}
{{- end -}}
{{- $sources := compact (list .workspace.archive .workspace.configMap .workspace.git.repository) -}}
{{- if ne (len $sources) 1 -}}
{{- fail (printf "workspace: %d of archive, configMap and git.repository are given; give exactly one" (len $sources)) -}}
{{- end -}}
{{- if and .workspace.git.repository (not .workspace.git.commit) -}}
{{- fail "workspace.git.commit: name the commit by its 40 hexadecimal digits; a branch would give pods different workspaces" -}}
{{- end -}}
{{- if eq .mode "distributed" -}}
{{- if not .kafka.brokers -}}
{{- fail "kafka.brokers: say where Kafka is, as host:port,host:port" -}}
{{- end -}}
{{- $most := ternary .workers.autoscaling.maxReplicas .workers.replicas .workers.autoscaling.enabled | int -}}
{{- if gt (int .workers.replicas) (int .kafka.partitions) -}}
{{- fail (printf "workers.replicas: %d workers would share %d partitions of %s; the others would idle" (int .workers.replicas) (int .kafka.partitions) .kafka.input) -}}
{{- end -}}
{{- if lt $most (int .workers.replicas) -}}
{{- fail (printf "workers.autoscaling.maxReplicas: %d is less than workers.replicas, %d" $most (int .workers.replicas)) -}}
{{- end -}}
{{- if and .intake.autoscaling.enabled (lt (int .intake.autoscaling.maxReplicas) (int .intake.replicas)) -}}
{{- fail (printf "intake.autoscaling.maxReplicas: %d is less than intake.replicas, %d" (int .intake.autoscaling.maxReplicas) (int .intake.replicas)) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
