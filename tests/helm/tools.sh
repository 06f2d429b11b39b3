#!/usr/bin/env bash
# The tools of the Helm tier, in one place outside the repository, each in a folder named by its version:
#   tests/helm/tools.sh chart          helm, helm-unittest, kube-score, promtool, prometheus: what `pytest tests/helm` wants (8 minutes)
#   tests/helm/tools.sh cluster        a Kubernetes API server with scheduler, controllers and made-up nodes (15 minutes more)
#   tests/helm/tools.sh NAME…          these
#   tests/helm/tools.sh where NAME     its path, present or not
# Go builds most of them, one package at a time and at the lowest priority; promtool, prometheus and etcd come out of Debian's packages.
set -euo pipefail

CACHE=${ORCHESTRATOR_HELM_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/orchestrator/helm}
HELM=3.22.0 UNITTEST=1.1.2 SCORE=1.20.0 KUBERNETES=1.34.4 KWOK=0.8.0
CHART=(promtool prometheus kube-score helm-unittest helm)
CLUSTER=(etcd kubectl kwok kube-apiserver kube-controller-manager kube-scheduler)

version() {
  case $1 in
    helm) echo $HELM ;;
    helm-unittest) echo $UNITTEST ;;
    kube-score) echo $SCORE ;;
    kwok) echo $KWOK ;;
    kube* ) echo $KUBERNETES ;;
    promtool | prometheus | etcd) echo debian ;;
    *) echo "$1: no such tool; there are: ${CHART[*]} ${CLUSTER[*]}" >&2; return 2 ;;
  esac
}

where() { local of; of=$(version "$1") && echo "$CACHE/$1-$of/$1"; }

go_() { GOFLAGS="-p=1 -buildvcs=false -mod=mod" nice -n 19 go "$@"; }

installed() { GOBIN=$(dirname "$1") GOFLAGS="-p=1" nice -n 19 go install "$2"; }  # installed PATH MODULE@VERSION

unpacked() {  # unpacked PATH PACKAGE: one program of a Debian package, without installing it
  local folder
  folder=$(mktemp -d)
  (cd "$folder" && { apt-cache show "$2" >/dev/null 2>&1 || apt-get update -qq; } && apt-get download -qq "$2" && dpkg -x ./*.deb .)
  cp "$folder/usr/bin/$(basename "$1")" "$1"
  rm -r "$folder"
}

stages() {  # what becomes of nodes and pods that nobody runs
  local from file
  from=$(go mod download -json "sigs.k8s.io/kwok@v$KWOK" | sed -n 's/^\t"Dir": "\(.*\)",/\1/p')
  for file in node/fast/node-initialize node/heartbeat/node-heartbeat pod/fast/pod-{ready,complete,delete}; do
    echo ---
    cat "$from/kustomize/stage/$file.yaml"
  done >"$1/stages.yaml"
}

copied() {  # copied PATH MODULE VERSION PACKAGE: a module with `replace` lines is built in a copy of itself
  local from folder
  from=$(go mod download -json "$2@v$3" | sed -n 's/^\t"Dir": "\(.*\)",/\1/p')
  folder=$(mktemp -d)
  cp -r "$from/." "$folder" && chmod -R u+w "$folder"
  (cd "$folder" && go_ build -o "$1" "$4")
  rm -r "$folder"
}

kubernetes() {  # kubernetes PATH PACKAGE: its libraries are modules of their own, named by `replace` lines
  local folder=$CACHE/kubernetes-$KUBERNETES from
  mkdir -p "$folder"
  cd "$folder"
  if [[ ! -e go.mod ]]; then
    from=$(go mod download -json "k8s.io/kubernetes@v$KUBERNETES" | sed -n 's/^\t"GoMod": "\(.*\)",/\1/p')
    {
      printf 'module tools\n\ngo 1.24.0\n\nrequire (\n\tk8s.io/kubectl v0.%s\n\tk8s.io/kubernetes v%s\n)\n\n' "${KUBERNETES#1.}" $KUBERNETES
      sed -n "s|^\t\(k8s.io/[a-z-]*\) => ./staging/.*|replace \1 => \1 v0.${KUBERNETES#1.}|p" "$from"
    } >go.mod
  fi
  go_ build -ldflags "-X k8s.io/component-base/version.gitVersion=v$KUBERNETES" -o "$1" "$2"   # Helm asks which version it is
}

build() {
  local path=$2
  mkdir -p "$(dirname "$path")"
  case $1 in
    helm) installed "$path" helm.sh/helm/v3/cmd/helm@v$HELM ;;
    kube-score) installed "$path" github.com/zegl/kube-score/cmd/kube-score@v$SCORE ;;
    kwok) installed "$path" sigs.k8s.io/kwok/cmd/kwok@v$KWOK && stages "$(dirname "$path")" ;;
    helm-unittest) copied "$path" github.com/helm-unittest/helm-unittest $UNITTEST ./cmd/helm-unittest ;;
    kubectl) kubernetes "$path" k8s.io/kubernetes/cmd/kubectl ;;
    kube-*) kubernetes "$path" k8s.io/kubernetes/cmd/"$1" ;;
    promtool | prometheus) unpacked "$path" prometheus ;;
    etcd) unpacked "$path" etcd-server ;;
  esac
}

if [[ ${1:-} == where ]]; then
  where "${2:?which tool?}"
  exit
fi
wanted=("$@")
[[ ${1:-chart} == chart ]] && wanted=("${CHART[@]}")
[[ ${1:-} == cluster ]] && wanted=("${CHART[@]}" "${CLUSTER[@]}")
for tool in "${wanted[@]}"; do
  path=$(where "$tool")
  [[ -x $path ]] && continue
  begun=$SECONDS
  echo "── $tool"
  (build "$tool" "$path")
  echo "── $tool: $((SECONDS - begun)) s"
done
