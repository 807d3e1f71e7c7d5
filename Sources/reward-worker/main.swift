import RewardWorkerCommandLine

RewardWorkerProgram.main()
