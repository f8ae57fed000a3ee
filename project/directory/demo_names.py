"""Invented people, companies and places for the demo data, real-looking and nobody's own.

Phone numbers follow each country's form; French ones are from the range kept for fiction.
"""

PEOPLE_FIRST = (  # noqa: SIM905 - short enough to read
    "Abdoulaye Adama Aïcha Aïssatou Alioune Aliou Aminata Amadou Anta Antoine Arame Assane Astou "
    "Awa Babacar Bakary Bineta Boubacar Bocar Camille Cheikh Chloé Claire Coumba Daouda Demba "
    "Dieynaba Djénéba Élodie Émile Fanta Fatou Fatoumata François Gorgui Hamidou Hawa Hélène "
    "Ibrahima Idrissa Issa Jean Jeanne Joseph Julien Kadiatou Khady Khadija Korka Lamine Laure "
    "Léa Louis Madeleine Mahamadou Maïmouna Malick Mame Mamadou Marème Mariama Marie Mathilde "
    "Mbaye Modou Moctar Moussa Nafissatou Ndeye Nicolas Oumar Oumou Ousmane Papa Pauline Penda "
    "Pierre Rama Ramata Rokhaya Salif Salimata Samba Sékou Serigne Seydou Sokhna Sophie Souleymane "
    "Tidiane Thérèse Thierno Vincent Yacine Yaye Youssouf Zeynab"
).split()

PEOPLE_LAST = (  # noqa: SIM905
    "Ba|Badji|Bah|Bakayoko|Balde|Bâ|Bernard|Beye|Camara|Cissé|Cissokho|Coly|Coulibaly|Dabo|Dembélé|"
    "Dia|Diaby|Diagne|Diakité|Diallo|Diarra|Diatta|Diédhiou|Dieng|Diop|Diouf|Doumbia|Dramé|Dubois|"
    "Dupont|Fall|Faye|Fofana|Fournier|Garnier|Gassama|Gaye|Girard|Goudiaby|Guèye|Kaba|Kane|Kanté|"
    "Kébé|Keïta|Koné|Konaté|Kouassi|Kouyaté|Lambert|Laurent|Leclerc|Lefèvre|Lô|Ly|Maïga|Mané|"
    "Marchand|Martin|Mbaye|Mbodj|Mendy|Mercier|Moreau|N'Diaye|N'Dour|Ndao|Ndiaye|Ndour|Niang|"
    "Ouattara|Petit|Renaud|Rousseau|Roux|Sagna|Sakho|Sall|Samaké|Sambou|Sané|Sarr|Seck|Sène|"
    "Seydi|Sidibé|Simon|Sissoko|Sonko|Sow|Sy|Sylla|Tall|Tambadou|Tandia|Thiam|Thiaw|Thomas|Touré|"
    "Traoré|Wade|Wane|Yattara"
).split("|")

COMPANIES = [
    f"{trade} {name}"
    for trade in (
        "Agence",
        "Atelier",
        "Cabinet",
        "Clinique",
        "Comptoir",
        "Consortium",
        "Groupe",
        "Hôtel",
        "Institut",
        "Laboratoire",
        "Résidence",
        "Voyages",
    )
    for name in (
        "de l'Almadie Bleue",
        "Baobab Blanc",
        "des Cinq Fromagers",
        "du Fleuve Tranquille",
        "Djoloff Avenir",
        "Fouta Horizon",
        "Gandiol & Frères",
        "de la Grande Côte",
        "Kaarta",
        "du Lac Mauve",
        "Mandé Ouest",
        "des Manguiers",
        "Niominka",
        "du Palmier Rônier",
        "Pirogue d'Or",
        "Ségou-Rive",
        "Sine & Saloum",
        "Soleil de Saly",
        "Teranga Plus",
        "des Trois Caïlcédrats",
        "Walo Conseil",
        "Yaatal",
    )
]

PLACES = """\
Aéroport international Blaise-Diagne, Diass
Aéroport Blaise-Diagne, hall des arrivées, Diass
Gare TER de Dakar, Plateau
Gare TER de Diamniadio
Gare maritime, môle 1, Dakar
Embarcadère de Gorée, Dakar
12 avenue Léopold-Sédar-Senghor, Plateau, Dakar
45 rue Carnot, Plateau, Dakar
8 rue Félix-Faure, Plateau, Dakar
27 boulevard de la République, Dakar
Place de l'Indépendance, Dakar
Corniche Ouest, Fann Résidence, Dakar
Corniche des Almadies, Dakar
Pointe des Almadies, Dakar
14 route de Ngor, Dakar
Route de l'Aéroport, Yoff, Dakar
Sacré-Cœur 3, villa 9214, Dakar
Mermoz Pyrotechnie, lot 38, Dakar
Liberté 6 Extension, Dakar
Point E, rue de Kaolack, Dakar
Amitié 2, villa 4071, Dakar
Hann Maristes, immeuble C, Dakar
Ouakam, cité Comico, Dakar
Médina, rue 22 angle 17, Dakar
Grand Yoff, cité Millionnaire, Dakar
Parcelles Assainies, unité 15, Dakar
Cité Keur Gorgui, lot 77, Dakar
Pôle urbain de Diamniadio, lot 12
Centre de conférences, Diamniadio
Rufisque, quartier Keury Kao
Lac Rose, Niaga
Université Cheikh-Anta-Diop, Fann, Dakar
Hôpital principal, avenue Nelson-Mandela, Dakar
Musée des Civilisations noires, Dakar
Monument de la Renaissance, Ouakam, Dakar
Marché Sandaga, Dakar
Thiès, quartier Escale, avenue de Caen
Thiès, cité Lamy
Thiès, gare routière
Mbour, quartier Tefess
Saly Portudal, résidence Les Cocotiers
Saly Niakh Niakhal, villa 18
Somone, route de la lagune
Ngaparou, quartier Escale
Popenguine, maison des hôtes
Joal-Fadiouth, pont de bois
Saint-Louis, quai Henry-Jay, île Nord
Saint-Louis, pont Faidherbe
Kaolack, quartier Léona
Fatick, quartier Ndiaye-Ndiaye
Touba, grande mosquée
Tambacounda, gare routière
Ziguinchor, Escale, rue Javelier
Cap Skirring, plage de Kabrousse
Aéroport Modibo-Keïta, Bamako-Sénou
Bamako, Hippodrome, rue 224
Bamako, ACI 2000, rue 390
Bamako, Badalabougou, avenue de l'OUA
Kayes, quartier Légal Ségou
Ségou, quai des Arts
Aéroport Félix-Houphouët-Boigny, Abidjan
Abidjan, Cocody, rue des Jardins
Abidjan, Plateau, boulevard Clozel
Abidjan, Marcory Zone 4, rue du Canal
Grand-Bassam, quartier France
Aéroport Paris-Charles-de-Gaulle, terminal 2E
Aéroport Paris-Orly, terminal 4
Gare de Lyon, Paris
Gare du Nord, Paris
18 rue Saint-Lazare, 75009 Paris
63 avenue de Flandre, 75019 Paris
5 rue de la République, 93100 Montreuil
22 cours Lafayette, 69003 Lyon
9 quai du Port, 13002 Marseille""".splitlines()

# Country code and first digits, then the groups of digits that are drawn.
PHONE_FORMS = (
    ("+221 77", (3, 2, 2)),
    ("+221 77", (3, 2, 2)),
    ("+221 78", (3, 2, 2)),
    ("+221 76", (3, 2, 2)),
    ("+221 70", (3, 2, 2)),
    ("+223 76", (2, 2, 2)),
    ("+225 07", (2, 2, 2, 2)),
    ("+33 6 39 98", (2, 2)),
)


def phone(rng):
    """A mobile number as people write it: "+221 77 123 45 67"."""
    start, groups = rng.choice(PHONE_FORMS)
    return " ".join([start, *(f"{rng.randrange(10**size):0{size}d}" for size in groups)])
