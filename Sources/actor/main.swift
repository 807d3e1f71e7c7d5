import ActorCommandLine

ActorProgram.main()
