#!/usr/bin/env bash
# A Slurm cluster of this machine alone, from Debian's packages, to try `harness grade --scheduler slurm` on.
#
#   apt-get install slurmctld slurmd slurm-client munge
#   tests/grading/slurm.sh start FOLDER && export SLURM_CONF=FOLDER/slurm.conf && harness grade --scheduler slurm
#   tests/grading/slurm.sh stop FOLDER
#
# As root. Nothing outside FOLDER is changed.
set -euo pipefail
action=$1
folder=$(realpath -m "$2")

stop() {
    for name in slurmd slurmctld munged; do
        if [ -f "$folder/$name.pid" ]; then
            kill "$(cat "$folder/$name.pid")" 2>/dev/null || true
        fi
    done
}

start() {
    mkdir -p "$folder/state" "$folder/spool"
    chmod 755 "$folder"
    head -c 1024 /dev/urandom >"$folder/munge.key"
    chmod 600 "$folder/munge.key"
    munged --force --key-file "$folder/munge.key" --pid-file "$folder/munged.pid" --socket "$folder/munge.socket" \
        --log-file "$folder/munged.log" --seed-file "$folder/munged.seed"
    local host port
    host=$(hostname -s)
    port=$((20000 + RANDOM % 10000)) # several may run beside each other
    cat >"$folder/slurm.conf" <<CONF
ClusterName=harness
SlurmctldHost=$host(127.0.0.1)
SlurmUser=root
SlurmctldPort=$port
SlurmdPort=$((port + 1))
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$(awk '/MemTotal/ {print int($2 / 1024)}' /proc/meminfo) State=UNKNOWN
PartitionName=all Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
    export SLURM_CONF="$folder/slurm.conf"
    slurmctld
    slurmd
    for _ in $(seq 60); do
        if [ "$(sinfo --noheader --format=%T 2>/dev/null)" = idle ]; then
            sinfo
            return
        fi
        sleep 0.5
    done
    sinfo || true
    tail -n 5 "$folder"/*.log >&2
    stop
    exit 1
}

"$action"
