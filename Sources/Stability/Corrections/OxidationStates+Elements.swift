// Written by Scripts/make-oxidation-states from the tables of pymatgen (https://pymatgen.org), Copyright (c) pymatgen
// Development Team, MIT License: oxidation states of the elements in the Inorganic Crystal Structure Database, and how
// often they occur.

extension OxidationStates {
    /// An element a line: its states in the ICSD (where there are none, its common ones), in the order in which they
    /// are tried, each with the number of its occurrences.
    static let elementTable = """
        H 1:1788 -1:1002
        Li 1:1773
        Be 2:249
        B 3:1722 -3:47
        C 2:372 3:178 4:858 -4:248 -3:40 -2:155
        N 1:35 3:173 5:217 -1:93 -3:2141 -2:75
        O -2:44783
        F -1:7473
        Na 1:3060
        Mg 2:545
        Al 3:1141
        Si -4:71 4:2368
        P 3:69 4:173 5:3000 -2:68 -3:379 -1:112
        S -1:276 2:90 4:239 -2:5711 6:459
        Cl -1:4371
        K 1:3112
        Ca 2:1332
        Sc 2:20 3:252
        Ti 2:39 3:119 4:665
        V 2:34 3:151 4:225 5:527
        Cr 2:102 3:323 4:37 5:46 6:116
        Mn 2:577 3:256 4:127 7:13
        Fe 2:340 3:549
        Co 1:22 2:333 3:93 4:18
        Ni 1:17 2:407 3:62 4:14
        Cu 1:887 2:835 3:33
        Zn 2:1389
        Ga 2:19 3:642
        Ge 2:51 3:38 4:735
        As 2:28 3:225 5:518 -2:54 -3:404 -1:36
        Se -1:253 4:352 -2:2441 6:76
        Br 5:22 -1:1625
        Kr 2:0
        Rb 1:1543
        Sr 2:1447
        Y 3:460
        Zr 2:17 3:26 4:352
        Nb 2:16 3:50 4:105 5:564
        Mo 2:29 3:78 4:56 5:85 6:590
        Tc 4:0 7:0
        Ru 2:14 3:22 4:59 5:81 6:11
        Rh 3:71 4:25
        Pd 2:211 4:22
        Ag 1:966 2:32 3:17
        Cd 2:1089
        In 1:62 2:22 3:478
        Sn 2:232 3:19 4:387
        Sb -2:68 3:507 5:418 -1:28 -3:214
        Te -2:749 4:582 -1:137 6:187
        I 5:210 -1:2357
        Xe 2:0 4:0 6:0
        Cs 1:1231
        Ba 2:2373
        La 2:16 3:838
        Ce 3:192 4:44
        Pr 3:435 4:32
        Nd 2:15 3:536
        Pm 3:0
        Sm 2:25 3:365
        Eu 2:83 3:109
        Gd 3:235
        Tb 3:209 4:30
        Dy 3:258
        Ho 3:271
        Er 3:302
        Tm 3:154
        Yb 2:37 3:227
        Lu 3:179
        Hf 4:123
        Ta 3:15 4:51 5:442
        W 2:20 3:11 4:18 5:31 6:411
        Re 3:56 4:40 5:48 6:40 7:77
        Os 4:0
        Ir 3:22 4:56 5:39
        Pt 2:0 4:0
        Au 3:0
        Hg 1:100 2:590
        Tl 1:698 3:95
        Pb 2:604 4:58
        Bi 1:19 2:13 3:793 5:46
        Po -2:0 2:0 4:0
        At -1:0 1:0
        Fr 1:0
        Ra 2:0
        Ac 3:0
        Th 4:119
        Pa 5:0
        U 3:17 4:122 5:49 6:269
        Np 5:0
        Pu 4:0
        Am 3:0
        Cm 3:0
        Bk 3:0
        Cf 3:0
        Es 3:0
        Fm 3:0
        Md 3:0
        No 3:0
        Lr 3:0
        """
}
