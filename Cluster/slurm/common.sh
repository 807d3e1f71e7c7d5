# What the job scripts of a run have in common; they read it from the run's folder of jobs, whose settings.sh it reads in turn.

. "$DRUSE_JOBS/settings.sh"
export DRUSE_KEYS
# Threads of the program are all that run here.
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1

# The array task or job, and how often it was started: by this name the learner's log and books know a process.
if [[ -n "${SLURM_ARRAY_JOB_ID:-}" ]]; then
    druse_job="${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID"
else
    druse_job="$SLURM_JOB_ID"
fi
export DRUSE_NAME="slurm-$druse_job.${SLURM_RESTART_COUNT:-0}"
druse_threads="${SLURM_CPUS_PER_TASK:-1}"

druse_say() { echo "$(date -u +%FT%TZ) $DRUSE_NAME on $(hostname -s): $*" >&2; }

# druse_is_mine FOLDER: whether it is a folder of this user's that nobody else can write to, made if it is not there. Everybody knows its name and
# could make it first.
druse_is_mine() {
    mkdir -p "$(dirname "$1")" 2>/dev/null || return 1
    mkdir -m 700 "$1" 2>/dev/null || true
    [[ -d "$1" && ! -L "$1" && -O "$1" ]] && (( ! (8#$(stat -c %a "$1") & 8#022) )) && chmod 700 "$1"
}

# What is kept once a node: programs, and files that are pulled by content (own potentials and hulls). Nowhere if the folder is not this user's alone:
# then programs run where they are, and files are kept where programs keep them elsewhere. druse_own: options of env, for what the learner's job does
# not hand on to jobs that it submits.
druse_own=(-u DRUSE_NAME -u SLURM_RESTART_COUNT)
druse_node_folder="${SLURM_TMPDIR:-${TMPDIR:-/tmp}}/druse-$(id -u)"
if ! druse_is_mine "$druse_node_folder"; then
    druse_say "$druse_node_folder cannot be used, since it is not a folder that you own and nobody else may write to: nothing is kept on this node"
    druse_node_folder=""
elif [[ -z "${DRUSE_CACHE:-}" ]]; then
    export DRUSE_CACHE="$druse_node_folder/cache"
    druse_own+=(-u DRUSE_CACHE)
fi

# druse_program NAME: the program's path. Of an unpacked package a copy is made on the node's own disk, once for all jobs there, with the models and
# the hull that come with it; programs in a build folder are run where they are.
druse_program() {
    local source="" folder copy
    for folder in "$DRUSE_PROGRAMS/.." "$DRUSE_PROGRAMS/../.."; do
        if [[ -e "$folder/PACKAGE" ]]; then source="$(cd "$folder" && pwd)"; fi
    done
    if [[ "${DRUSE_NODE_COPY:-1}" != 1 || -z "$source" || -z "$druse_node_folder" ]]; then
        echo "$DRUSE_PROGRAMS/$1"
        return
    fi
    copy="$druse_node_folder/programs-$(cksum <"$source/PACKAGE" | cut -d' ' -f1)"
    (
        flock -w 600 9 || exit 1
        if [[ ! -e "$copy" ]]; then
            rm -rf "$copy.part"
            cp -r "$source" "$copy.part" && mv "$copy.part" "$copy"
        fi
    ) 9>"$druse_node_folder/lock" || { druse_say "no copy of $source in $druse_node_folder: programs run where they are"; copy="$source"; }
    echo "$copy/bin/$1"
}

# druse_leave_if_done: ends the job if the run has come to its end.
druse_leave_if_done() {
    if [[ -e "$DRUSE_JOBS/done" ]]; then
        druse_say "the run is done"
        exit 0
    fi
}

druse_ending=""
druse_end() { # REASON
    druse_ending="${druse_ending:-$1}"
    druse_say "$1: asking the program to finish what it has in hand"
    kill -TERM "$druse_child" 2>/dev/null || true
}

# druse_run COMMAND...: runs it and gives its status in druse_status. SIGUSR1 (the time limit is near) and SIGTERM (preempted or cancelled) ask it to
# finish; druse_ending tells which came.
druse_run() {
    druse_say "starting $*"
    "$@" &
    druse_child=$!
    trap 'druse_end "the time limit is near"' USR1
    trap 'druse_end "asked to leave"' TERM
    # A signal cuts a wait short.
    while kill -0 "$druse_child" 2>/dev/null; do wait "$druse_child" || true; done
    druse_status=0
    wait "$druse_child" || druse_status=$?
    druse_say "ended with status $druse_status"
}

# druse_goes_on: whether the job is to be started again: its time was up, or it was given a grace before a preemption and ended within it, in which case
# Slurm would count it as failed. One that is being cancelled or requeued is Slurm's affair.
druse_goes_on() {
    case "$druse_ending" in
        "the time limit is near") return 0 ;;
        "asked to leave") [[ "$(squeue -h -j "$druse_job" -o %T)" == RUNNING ]] ;;
        *) return 1 ;;
    esac
}

# druse_run_peer COMMAND...: runs an actor or a reward worker, again and again, until the run is done, the job shall end, or the program fails. A learner
# that is told to stop sends its peers away, and may come back in a minute: their jobs wait for it.
druse_run_peer() {
    while true; do
        druse_run "$@"
        if [[ "$druse_status" != 0 || -n "$druse_ending" ]]; then return 0; fi
        for _ in 1 2 3 4 5 6 7 8 9 10; do
            druse_leave_if_done
            sleep 2
            if [[ -n "$druse_ending" ]]; then return 0; fi
        done
    done
}

# druse_requeue: puts this job, or this task of its array alone, back into the queue.
druse_requeue() {
    trap - USR1 TERM
    druse_say "back into the queue"
    scontrol requeue "$druse_job" || { druse_say "scontrol requeue failed; submit it again"; exit 1; }
    # Slurm ends the job.
    sleep 60
    exit 1
}
