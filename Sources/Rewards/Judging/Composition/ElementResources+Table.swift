// Written by Scripts/make-element-tables from pymatgen 2026.10.24 (https://pymatgen.org), Copyright (c)
// 2011-2012 MIT & The Regents of the University of California, through Lawrence Berkeley National Laboratory, MIT
// License, and mendeleev 1.3.0 (https://github.com/lmmentel/mendeleev), Copyright (c) 2015 Lukasz Mentel, MIT License.
//
// Prices: pymatgen's costdb_elements.csv, collected from Wolfram Alpha and Wikipedia in 2013, Ba in 2019, the noble
// gases, H and Tc in 2020 (each line of the file names its source); of the form that is traded, which for C, F, K and
// others is the pure element. Abundances in the continental crust: W. M. Haynes, CRC Handbook of Chemistry and Physics,
// as mendeleev's abundance_crust. Herfindahl-Hirschman indices: Gaultois et al., Chem. Mater. 25, 2911 (2013), as
// pymatgen's hhi_data.csv.

extension ElementResources {
    /// An element a line: symbol, USD/kg, ppm of the crust by mass, index of production, index of reserves; - where the
    /// source has none.
    static let elementTable = """
        H 1.4 1400 - -
        He 15.9 0.008 3200 3900
        Li 3.8691081 20 2900 4200
        Be 447.978784 2.8 8000 4000
        B 0.871045362 10 2900 2000
        C 24 200 500 500
        N 0.585106148 19 1300 500
        O 3 461000 500 500
        F 1900 585 1500 1500
        Ne 660000 0.005 - -
        Na 250 23600 1100 500
        Mg 4.960395 23300 5300 500
        Al 2.46035592 82300 1600 1000
        Si 1.5542571 282000 4700 1000
        P 300 1050 2000 5100
        S 0.124009875 350 700 1000
        Cl 1.5 145 1500 1500
        Ar 19.56 3.5 - -
        K 1000 20900 1700 7200
        Ca 4.850164 41500 3900 1500
        Sc 14000 22 5500 4500
        Ti 14.7599309 5650 1100 1600
        V 26.6097634 120 3300 3400
        Cr 2.68081792 102 3100 4100
        Mn 1.45989936 950 1600 1800
        Fe 0.029696231 56300 2400 1400
        Co 36.0896294 25 3100 2700
        Ni 22.8839556 84 1000 1500
        Cu 8.9507572 60 1600 1500
        Zn 2.33910182 70 1600 1900
        Ga 688.061902 19 5500 1900
        Ge 1449.97857 1.5 5300 1900
        As 0.641103496 1.8 3300 4000
        Se 145.989936 0.05 2200 1900
        Br 1.39001291 2.4 3300 6900
        Kr 330 0.0001 - -
        Rb 79699.2176 90 6000 6000
        Sr 1.16007104 370 4200 3000
        Y 449.962942 33 9800 2600
        Zr 2.64995324 165 3400 2600
        Nb 23.1926024 20 8500 8800
        Mo 34.1054714 1.2 2400 5300
        Tc 60000 - - -
        Ru 1511.04655 0.001 3200 8000
        Rh 19934.174 0.001 3200 8000
        Pd 23036.01 0.015 3200 8000
        Ag 780.88 0.075 1200 1400
        Cd 2.76018424 0.15 1700 1300
        In 720.028892 0.25 3300 2000
        Sn 34.7007188 2.3 2600 1600
        Sb 14.2991653 0.2 7900 3400
        Te 348.991346 0.001 2900 4900
        I 38.0958336 0.45 4900 4800
        Xe 1200 3e-05 - -
        Cs 65900.501 3 6000 6000
        Ba 0.2605 425 3000 2300
        La 350.093656 39 9500 3100
        Ce 350.093656 66.5 9500 3100
        Pr 539.911438 9.2 9500 3100
        Nd 449.962942 41.5 9500 3100
        Pm - - 9500 3100
        Sm 300.048782 7.05 9500 3100
        Eu 6499.21976 2 9500 3100
        Gd 399.918068 6.2 9500 3100
        Tb 1300.06441 1.2 9500 3100
        Dy 500.007816 5.2 9500 3100
        Ho 1199.97467 1.3 9500 3100
        Er 725.099518 3.5 9500 3100
        Tm 6499.21976 0.52 9500 3100
        Yb 1599.89273 3.2 9500 3100
        Lu 7500.11724 0.8 9500 3100
        Hf 544.100216 3 3400 2600
        Ta 335.984088 2 2300 4800
        W 46.6938516 1.25 7000 4300
        Re 4669.38516 0.0007 3300 3300
        Os 14468.9211 0.0015 5500 9100
        Ir 42000 0.001 5500 9100
        Pt 49383.55 0.005 5500 9100
        Au 45386.5119 0.004 1100 1000
        Hg 53.7045432 0.085 5500 3100
        Tl 6000.97564 0.85 6500 6500
        Pb 2.6896364 14 2700 1800
        Bi 25.3090376 0.0085 5300 6000
        Po - 2e-10 - -
        Rn - 4e-13 - -
        Ra - 9e-07 - -
        Ac - 5.5e-10 - -
        Th 251.988066 9.6 - -
        Pa 280000 1.4e-06 - -
        U - 2.7 - -
        """
}
