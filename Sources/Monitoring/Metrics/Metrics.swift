/// All metrics of all roles; `Documentation/metrics.md` has the same in a table, and a test holds the two, and what is
/// served, against each other.
package enum Metrics {
    // MARK: Every process

    package static let build = Metric(
        "druse_build_info", .gauge, labels: ["role", "version"], "The program; always 1")
    package static let processCPU = Metric(
        "process_cpu_seconds_total", .counter, "Processor time of all threads")
    package static let processMemory = Metric("process_resident_memory_bytes", .gauge, "Resident memory")
    package static let processThreads = Metric("process_threads", .gauge, "Threads")
    package static let processDescriptors = Metric("process_open_fds", .gauge, "Open files and sockets")
    package static let processDescriptorLimit = Metric(
        "process_max_fds", .gauge, "How many files and sockets may be open")
    package static let processStart = Metric(
        "process_start_time_seconds", .gauge, "When the process started, since 1970")

    package static let everywhere = [
        build, processCPU, processMemory, processThreads, processDescriptors, processDescriptorLimit, processStart,
    ]

    // MARK: The learner: the run

    package static let run = Metric("druse_run_info", .gauge, labels: ["run_id", "mode"], "The run; always 1")
    package static let state = Metric(
        "druse_run_state", .gauge, labels: ["state"], "1 for the state that the run is in, 0 for all others")
    package static let version = Metric("druse_policy_version", .gauge, "The newest policy version that was made")
    package static let versionsAsked = Metric(
        "druse_policy_versions_asked", .gauge, "How many versions the run is asked to make")
    package static let steps = Metric("druse_steps_total", .counter, "Steps made")
    package static let stepSeconds = Metric(
        "druse_step_duration_seconds", .histogram, "How long steps took, from one end to the next")
    package static let lastStepTime = Metric(
        "druse_last_step_timestamp_seconds", .gauge, "When the last step was done, since 1970")
    package static let statusTime = Metric(
        "druse_status_timestamp_seconds", .gauge, "When the hub was looked at last, since 1970")
    package static let learnerSeconds = Metric(
        "druse_learner_activity_seconds_total", .counter, labels: ["activity"],
        "The learner's time by what it did; waiting is for crystals")
    package static let learnerShares = Metric(
        "druse_learner_activity_ratio", .gauge, labels: ["activity"],
        "The same as shares of the last five minutes")

    // MARK: The learner: peers

    package static let peers = Metric("druse_peers", .gauge, labels: ["role"], "Peers that are logged in")
    package static let peerActivity = Metric(
        "druse_peer_activity_peers", .gauge, labels: ["role", "activity"], "Peers by what they do")
    package static let actorsWanted = Metric(
        "druse_actors_wanted", .gauge, "How many actors the run could use; 0 once it is over")
    package static let workersWanted = Metric(
        "druse_reward_workers_wanted", .gauge, "How many reward workers the run could use; 0 once it is over")
    package static let threadSeconds = Metric(
        "druse_fleet_thread_seconds_total", .counter, labels: ["role"], "The time of all threads of a role's peers")
    package static let busySeconds = Metric(
        "druse_fleet_busy_seconds_total", .counter, labels: ["role"], "Of that, the time spent on crystals")
    package static let waitSeconds = Metric(
        "druse_fleet_wait_seconds_total", .counter, labels: ["role"], "Of that, the time spent waiting for work")
    package static let idleShare = Metric(
        "druse_fleet_idle_ratio", .gauge, labels: ["role"],
        "The share of that time spent waiting, over the last five minutes")
    package static let oldestWeights = Metric(
        "druse_actor_staleness_versions", .gauge, "How many versions old the oldest weights are that an actor holds")

    // MARK: The learner: crystals

    package static let granted = Metric(
        "druse_crystals_granted_total", .counter, "Crystals of units that actors were granted, each once")
    package static let restored = Metric(
        "druse_crystals_restored_total", .counter, "Crystals that an earlier life of the learner left with outcomes")
    package static let sampled = Metric("druse_crystals_sampled_total", .counter, "Crystals taken from actors")
    package static let outcomes = Metric(
        "druse_crystals_measured_total", .counter, labels: ["outcome", "reason"], "Crystals that got an outcome")
    package static let trained = Metric(
        "druse_crystals_trained_total", .counter, "Crystals that made a step learn")
    package static let dropped = Metric(
        "druse_crystals_dropped_total", .counter, labels: ["reason"], "Crystals that no step learns from")
    package static let inFlight = Metric(
        "druse_crystals_in_flight", .gauge, labels: ["stage"],
        "Crystals by where they are; granted + restored = trained + dropped + in flight + missing")
    package static let missing = Metric(
        "druse_crystals_missing", .gauge, "Crystals that are nowhere: anything but 0 is a fault of the program")
    package static let rate = Metric(
        "druse_crystals_per_second", .gauge, labels: ["stage", "window"], "Crystals a second over the last seconds")
    package static let staleness = Metric(
        "druse_crystal_staleness_versions", .histogram,
        "How many versions older than its step's own the policy is that sampled a crystal which a step took")
    package static let stalenessLimit = Metric(
        "druse_crystal_staleness_limit_versions", .gauge, "The most that may be (max_staleness)")

    // MARK: The learner: queues and the hub

    package static let queueLength = Metric(
        "druse_queue_length", .gauge, labels: ["queue"], "What waits, or is with a peer")
    package static let queueAge = Metric(
        "druse_queue_oldest_seconds", .gauge, labels: ["queue"],
        "For how long the oldest has been there; 0 in an empty queue")
    package static let repeats = Metric(
        "druse_work_repeated_total", .counter, labels: ["kind"], "Units and tasks that were handed out once more")
    package static let refused = Metric(
        "druse_hub_refused_total", .counter, labels: ["kind"], "Work, messages and peers that were turned away")
    package static let lag = Metric(
        "druse_hub_lag_seconds", .gauge, "The longest turn of the hub's loop lately: for so long it heard nobody")
    package static let turns = Metric(
        "druse_hub_turn_seconds", .histogram, "How long the turns of the hub's loop took")
    package static let congested = Metric(
        "druse_hub_congested_messages_total", .counter, "Messages that had no room in the queue of a slow peer")
    package static let droppedReports = Metric(
        "druse_hub_dropped_reports_total", .counter, "Reports that came faster than they could be written")
    package static let audited = Metric(
        "druse_audited_crystals_total", .counter, "Crystals that a second reward worker measured")
    package static let disputed = Metric(
        "druse_disputed_crystals_total", .counter, "Crystals of those about which the two disagree")
    package static let diskFree = Metric(
        "druse_disk_free_bytes", .gauge, "Room on the disk of the run directory")

    // MARK: The learner: the last step

    package static let reward = Metric("druse_step_reward", .gauge, "The mean reward of the last step")
    package static let rewardError = Metric("druse_step_reward_error", .gauge, "Its standard error")
    package static let kl = Metric(
        "druse_step_kl_nats", .gauge, "The KL divergence of the policy from its reference, a crystal")
    package static let stable = Metric(
        "druse_step_stable_ratio", .gauge, "The share of the last step's crystals that are stable")
    package static let unique = Metric(
        "druse_step_unique_ratio", .gauge, "The share of the last step's crystals without an equal before them")
    package static let invalid = Metric(
        "druse_step_invalid_ratio", .gauge, "The share of the last step's crystals that are invalid")
    package static let failed = Metric(
        "druse_step_failed_ratio", .gauge, "The share of the last step's crystals that could not be measured")
    package static let clipped = Metric(
        "druse_step_clipped_ratio", .gauge, "The share of the probability ratios outside the clip range")
    package static let gradient = Metric(
        "druse_step_gradient_norm", .gauge, "The norm of the gradient before it is clipped")
    package static let learningRate = Metric("druse_step_learning_rate", .gauge, "The learning rate")

    package static let learner = [
        run, state, version, versionsAsked, steps, stepSeconds, lastStepTime, statusTime, learnerSeconds, learnerShares,
        peers, peerActivity, actorsWanted, workersWanted, threadSeconds, busySeconds, waitSeconds, idleShare,
        oldestWeights, granted, restored, sampled, outcomes, trained, dropped, inFlight, missing, rate, staleness,
        stalenessLimit, queueLength, queueAge, repeats, refused, lag, turns, congested, droppedReports, audited,
        disputed, diskFree, reward, rewardError, kl, stable, unique, invalid, failed, clipped, gradient, learningRate,
    ]

    // MARK: Actors and reward workers

    package static let loggedIn = Metric("druse_peer_logged_in", .gauge, "1 while it is logged in at its learner")
    package static let logins = Metric("druse_peer_logins_total", .counter, "Logins at its learner")
    package static let resent = Metric(
        "druse_peer_resent_results_total", .counter, "Results that were sent again, since nobody acknowledged them")
    package static let held = Metric("druse_peer_held_work", .gauge, "Units or tasks that it holds")
    package static let workThreads = Metric("druse_peer_threads", .gauge, "Threads that sample or measure")
    package static let peerBusy = Metric(
        "druse_peer_busy_seconds_total", .counter, "Time of those threads that was spent on crystals")
    package static let peerVersion = Metric(
        "druse_peer_policy_version", .gauge, "The newest policy version that it has heard of")
    package static let actorCrystals = Metric("druse_actor_crystals_total", .counter, "Crystals sampled")
    package static let actorUnit = Metric(
        "druse_actor_unit_seconds", .histogram, "How long a thread took for a unit")
    package static let workerCrystals = Metric("druse_reward_worker_crystals_total", .counter, "Crystals measured")
    package static let workerTask = Metric(
        "druse_reward_worker_task_seconds", .histogram, "How long a thread took for a task")

    // MARK: A relay

    package static let relayConnections = Metric(
        "druse_relay_connections", .gauge, "Connections of peers that it serves")
    package static let relayCached = Metric(
        "druse_relay_cached_bytes", .gauge, "Weights and files that it keeps in memory")
    package static let relayPulled = Metric(
        "druse_relay_pulled_bytes_total", .counter, "Bytes fetched from the learner")
    package static let relayServed = Metric("druse_relay_served_bytes_total", .counter, "Bytes handed on to peers")
    package static let relayPieces = Metric("druse_relay_served_pieces_total", .counter, "Pieces handed on to peers")
    package static let relayUnavailable = Metric(
        "druse_relay_unavailable_requests_total", .counter, "Requests for what neither it nor the learner has")
    package static let relayRejected = Metric(
        "druse_relay_rejected_messages_total", .counter, "Messages that make no sense at a relay, or from strangers")

    package static let relay = [
        loggedIn, logins, peerVersion, relayConnections, relayCached, relayPulled, relayServed, relayPieces,
        relayUnavailable, relayRejected,
    ]
    package static let peer = [loggedIn, logins, resent, held, workThreads, peerBusy, peerVersion]
    package static let actor = peer + [actorCrystals, actorUnit]
    package static let rewardWorker = peer + [workerCrystals, workerTask]
}
