import LearnerCommandLine

LearnerProgram.main()
