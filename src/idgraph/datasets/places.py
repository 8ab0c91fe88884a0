"""Countries, cities, legal forms and the words that company names are made of; invented companies only."""

from __future__ import annotations

from dataclasses import dataclass

from idgraph.datasets.names import words

__all__ = [
    "COUNTRIES",
    "DESCRIPTORS",
    "ENDINGS",
    "INDUSTRIES",
    "STEMS",
    "SYLLABLES_END",
    "SYLLABLES_MIDDLE",
    "SYLLABLES_START",
    "WORDS",
    "Country",
]


@dataclass(frozen=True)
class Country:
    """What records written in one country look like.

    `mobile` and `landline` are national prefixes; `digits` of subscriber number follow either.
    """

    code: str
    code3: str
    name: str
    language: str
    weight: float
    tlds: tuple[str, ...]
    calling: str
    mobile: tuple[str, ...]
    landline: tuple[str, ...]
    digits: tuple[int, int]
    cities: tuple[str, ...]
    legal: tuple[str, ...]


def _country(facts: str, phones: str, cities: str, legal: str) -> Country:
    code, code3, name, language, weight, tlds = facts.split("|")
    calling, mobile, landline, mobile_digits, landline_digits = phones.split("|")
    return Country(
        code=code,
        code3=code3,
        name=name,
        language=language,
        weight=float(weight),
        tlds=tuple(tlds.split()),
        calling=calling,
        mobile=tuple(mobile.split()),
        landline=tuple(landline.split()),
        digits=(int(mobile_digits), int(landline_digits)),
        cities=tuple(cities.split("|")),
        legal=tuple(legal.split("|")),
    )


_US_AREAS = (
    "2122 2124 3123 4152 4156 6172 6178 3034 2063 2067 5124 4046 6462 7135 3053 6193 7023 9713 8016 9196 2155 2023"
)
_CANADA_AREAS = "4163 4167 6042 5143 5148 4032 7804 6132 9027 2047"

COUNTRIES: tuple[Country, ...] = (
    _country(
        "US|USA|United States|en|34|com com com io co ai net",
        f"1|{_US_AREAS}|{_US_AREAS}|6|6",
        "New York|San Francisco|Austin|Boston|Denver|Seattle|Chicago|Atlanta|Portland|Salt Lake City|Raleigh|Miami",
        "Inc.|, Inc.|LLC|Corp.|Corporation|Co.",
    ),
    _country(
        "CA|CAN|Canada|en|5|com ca io",
        f"1|{_CANADA_AREAS}|{_CANADA_AREAS}|6|6",
        "Toronto|Vancouver|Montréal|Calgary",
        "Inc.|Ltd.|Ltée",
    ),
    _country(
        "GB|GBR|United Kingdom|en|11|com co.uk io co",
        "44|74 75 77 78 79|2079 2071 1614 1315 1212|8|6",
        "London|Manchester|Edinburgh|Bristol|Leeds|Cambridge",
        "Ltd|Limited|plc|LLP",
    ),
    _country(
        "DE|DEU|Germany|de|10|de com io",
        "49|151 160 170 172 176|30 40 69 89|8|8",
        "Berlin|Hamburg|München|Köln|Frankfurt am Main|Düsseldorf",
        "GmbH|AG|GmbH & Co. KG|UG (haftungsbeschränkt)|SE",
    ),
    _country("AT|AUT|Austria|de|2|at com", "43|660 664 676|1|7|7", "Wien|Graz|Linz|Innsbruck", "GmbH|AG|e.U."),
    _country(
        "CH|CHE|Switzerland|de|2|ch com", "41|76 78 79|44 22 31|7|7", "Zürich|Genève|Bern|Basel", "AG|GmbH|SA|Sàrl"
    ),
    _country(
        "FR|FRA|France|fr|6|fr com io",
        "33|61 62 66 67|14 42|7|7",
        "Paris|Lyon|Bordeaux|Nantes|Toulouse",
        "SAS|SA|SARL|S.A.S.",
    ),
    _country(
        "ES|ESP|Spain|es|4|es com",
        "34|61 62 65 66|91 93|7|7",
        "Madrid|Barcelona|Valencia|Bilbao|Sevilla",
        "S.L.|S.A.|SL",
    ),
    _country(
        "MX|MEX|Mexico|es|2|com.mx mx com",
        "52|55 33 81|55 33 81|8|8",
        "Ciudad de México|Monterrey|Guadalajara",
        "S.A. de C.V.|SAPI",
    ),
    _country("PT|PRT|Portugal|pt|1|pt com", "351|91 93 96|21 22|7|7", "Lisboa|Porto|Braga", "Lda.|S.A.|Unipessoal Lda"),
    _country(
        "BR|BRA|Brazil|pt|4|com.br com",
        "55|119 219 319|113 213|8|7",
        "São Paulo|Rio de Janeiro|Belo Horizonte",
        "Ltda.|S.A.|EIRELI",
    ),
    _country(
        "IT|ITA|Italy|it|3|it com", "39|333 347 348 349|02 06|7|8", "Milano|Roma|Torino|Bologna", "S.r.l.|S.p.A.|Srl"
    ),
    _country(
        "NL|NLD|Netherlands|nl|4|nl com io",
        "31|61 62 64|20 10|7|7",
        "Amsterdam|Rotterdam|Utrecht|Eindhoven",
        "B.V.|BV|N.V.",
    ),
    _country("SE|SWE|Sweden|nordic|2|se com", "46|70 72 73|8|7|7", "Stockholm|Göteborg|Malmö", "AB|Aktiebolag"),
    _country("DK|DNK|Denmark|nordic|1|dk com", "45|20 28 40|33 35|6|6", "København|Aarhus|Odense", "A/S|ApS"),
    _country("FI|FIN|Finland|nordic|1|fi com", "358|40 50|931 954|7|5", "Helsinki|Tampere|Espoo", "Oy|Oyj"),
    _country(
        "PL|POL|Poland|pl|3|pl com", "48|50 51 60 66|22 12|7|7", "Warszawa|Kraków|Wrocław|Gdańsk", "Sp. z o.o.|S.A."
    ),
    _country("CZ|CZE|Czechia|cz|1|cz com", "420|602 721 777|22|6|7", "Praha|Brno|Ostrava", "s.r.o.|a.s."),
    _country("HU|HUN|Hungary|hu|1|hu com", "36|20 30 70|1|7|7", "Budapest|Szeged|Debrecen", "Kft.|Zrt."),
    _country("RO|ROU|Romania|ro|1|ro com", "40|72 74|21|7|7", "București|Cluj-Napoca|Iași", "S.R.L.|S.A."),
    _country("BG|BGR|Bulgaria|bg|1|bg com", "359|88 89|2|7|7", "Sofia|Plovdiv|Varna", "EOOD|AD|OOD"),
    _country("GR|GRC|Greece|gr|1|gr com", "30|694 697|21|7|8", "Athina|Thessaloniki|Patra", "A.E.|E.P.E."),
    _country("TR|TUR|Türkiye|tr|2|com.tr com", "90|532 542 505|212 216|7|7", "İstanbul|Ankara|İzmir", "A.Ş.|Ltd. Şti."),
    _country(
        "IN|IND|India|in|6|in com io co.in",
        "91|98 97 99 70|222 802|8|7",
        "Bengaluru|Mumbai|Pune|Hyderabad|Chennai|Delhi",
        "Pvt. Ltd.|Ltd|LLP",
    ),
    _country(
        "CN|CHN|China|cn|1|cn com",
        "86|138 139 186|21 10|8|8",
        "Shanghai|Beijing|Shenzhen|Hangzhou",
        "Co., Ltd.|Technology Co., Ltd.",
    ),
    _country("JP|JPN|Japan|jp|2|jp co.jp com", "81|90 80|3 6|8|8", "Tokyo|Osaka|Fukuoka|Kyoto", "K.K.|Co., Ltd.|G.K."),
    _country("KR|KOR|South Korea|kr|1|kr co.kr com", "82|10|2|8|8", "Seoul|Busan|Incheon", "Co., Ltd.|Inc."),
    _country("VN|VNM|Vietnam|vn|1|vn com.vn", "84|90 91|2437 2439|7|6", "Hà Nội|Hồ Chí Minh|Đà Nẵng", "JSC|Co., Ltd."),
    _country(
        "AE|ARE|United Arab Emirates|ar|1|ae com", "971|50 55|42 43|7|6", "Dubai|Abu Dhabi|Sharjah", "FZ-LLC|LLC|PJSC"
    ),
    _country("NG|NGA|Nigeria|af|1|ng com.ng com", "234|803 806|805 703|7|7", "Lagos|Abuja|Ibadan", "Ltd|Limited|PLC"),
    _country(
        "ZA|ZAF|South Africa|af|1|co.za com", "27|82 83 72|21 11|7|7", "Cape Town|Johannesburg|Durban", "(Pty) Ltd|Ltd"
    ),
    _country(
        "AU|AUS|Australia|en|3|com.au com io", "61|40 41 42|28 38|7|7", "Sydney|Melbourne|Brisbane|Perth", "Pty Ltd|Ltd"
    ),
)

STEMS = words("""
Bright North Silver Iron Clear Swift Stone River Oak Maple Cedar Harbor Summit Granite Copper Amber Cobalt Crimson
Falcon Heron Otter Badger Lynx Raven Kestrel Willow Aspen Birch Juniper Thistle Clover Meadow Prairie Canyon Mesa
Delta Lagoon Reef Coral Tidal Polar Arctic Solar Lunar Stellar Nova Comet Quasar Photon Quantum Vector Tensor Matrix
Cipher Kernel Pixel Voxel Signal Echo Pulse Wave Ember Flint Forge Anvil Beacon Lantern Compass Anchor Rudder Keel
Mast Sail Gale Storm Thunder Frost Glacier Boulder Pebble Sand Dune Terra Verde Azul Rojo Blanco Nero Bleu Grand Petit
Alt Neu Hoch Tief Ober Unter West East South
""")
ENDINGS = words("""
forge works field stone bridge gate path way line point mark scale stack base loop grid mesh flow stream cast craft
mind sense logic ware soft desk board deck dock port yard mill house haven nest hive cove crest peak ridge dale brook
ford wood leaf root seed bloom spark light beam glow shift drive lift wing
""")
WORDS = words("""
Aurora Zenith Apex Vertex Pinnacle Horizon Meridian Equinox Solstice Catalyst Momentum Keystone Cornerstone Milestone
Lodestar Polaris Orion Lyra Cygnus Andromeda Pegasus Phoenix Griffin Hydra Titan Atlas Hermes Juno Minerva Vesta Janus
Saturn Mercury Cobblestone Driftwood Evergreen Foxglove Goldenrod Hawthorn Ironwood Jackdaw Kingfisher Larkspur
Marigold Nightjar Oriole Peregrine Quill Rosewood Sandpiper Tamarind Umbra Vermilion Wisteria Xenon Yarrow Zephyr
Almanac Ballast Cadence Dossier Ledger Mosaic Nimbus Outpost Parallax Quorum Rampart Spindle Tessera Upland Vellum
Waypoint Yonder Bastion Citadel Dynamo Ensign
""")
SYLLABLES_START = words("""
Al An Bel Bri Cal Cor Da Del Dor El En Fal Fen Gal Gri Hal Hel In Jor Ka Kel Kri La Len Lu Mar Mel Mo Na Nor Ol Or Pa
Pel Qua Ra Rin Sa Sel Sto Ta Tel Tri Ul Va Vel Vi Wen Xa Yel Za Zor
""")
SYLLABLES_MIDDLE = words("""
a e i o u ba be di do fa ga gi la li lo ma mi na ne ni no ra ri ro sa si ta ti to va ve vi vo xi za ze
""")
SYLLABLES_END = words("""
dex dra fy gen gio kka lan lia lix lo lon lux mar mera mos nda nex nia nix nna nova nta ntis on phy que ra ris rix ro
rra ska sol ssa sta stra tech tera tis tra tron va var vex via vo xa xis xo yx zen zio
""")
DESCRIPTORS = words("""
Analytics Labs Systems Software Technologies Solutions Consulting Partners Logistics Robotics Health Energy Capital
Media Studios Digital Networks Security Foods Pharma Interactive Mobility Education Insurance Retail Group Ventures
Cloud Data Design
""")
INDUSTRIES = words("""
Software Financial_Services Healthcare Manufacturing Retail Logistics Education Media Energy Consulting
Telecommunications Real_Estate Hospitality Biotechnology Insurance Construction Food_&_Beverage Nonprofit
""")
