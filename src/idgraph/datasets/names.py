"""Given names, surnames and nicknames by language, written for this module; no person is meant by any of them."""

from __future__ import annotations

import unicodedata

__all__ = ["FAMILY", "FREE_MAIL", "GIVEN", "HANDLES", "NATIVE", "NICKNAMES", "TITLES", "fold", "words"]


def words(text: str) -> tuple[str, ...]:
    """Split a list written as prose; an underscore stands for a space inside a word.

    >>> words("Berlin New_York")
    ('Berlin', 'New York')
    """
    return tuple(word.replace("_", " ") for word in text.split())


def _by_language(text: str) -> dict[str, tuple[str, ...]]:
    lists: dict[str, list[str]] = {}
    language = ""
    for word in text.split():
        if word.endswith(":"):
            language = word.removesuffix(":")
            lists[language] = []
        else:
            lists[language].append(word.replace("_", " "))
    return {language: tuple(names) for language, names in lists.items()}


GIVEN = _by_language("""
en: James Robert Michael William David Richard Thomas Christopher Daniel Matthew Anthony Steven Andrew Joshua Kenneth
    Edward Timothy Jeffrey Gregory Samuel Benjamin Patrick Alexander Jonathan Nicholas Jennifer Elizabeth Susan
    Jessica Sarah Margaret Katherine Patricia Deborah Rebecca Christine Victoria Kimberly Emily Abigail Charlotte
    Madeline Theodora Philippa
de: Wolfgang Jürgen Stefan Matthias Sebastian Johannes Tobias Florian Maximilian Lukas Moritz Friedrich Günther Björn
    Katharina Sabine Ursula Claudia Franziska Annette Birgit Heike Jasmin Lieselotte Käthe Svenja Theresia
fr: Jean-Pierre François Frédéric Guillaume Mathieu Sébastien Thierry Benoît Étienne Rémi Olivier Loïc Gaël Hélène
    Aurélie Céline Chloé Élodie Geneviève Margaux Anaïs Sylvie Véronique Océane Marie-Claire Zoé
es: Francisco José Guadalupe Alejandro Santiago Ignacio Fernando Joaquín Andrés Ramón Víctor Iván Rubén María Carmen
    Concepción Dolores Pilar Rosario Inés Mónica Beatriz Ángela Lucía Sofía Verónica Itziar Nerea
pt: João António Gonçalo Tiago Rodrigo Eduardo Henrique Luís Vítor Caetano Otávio Thiago Mariana Conceição Fernanda
    Inês Letícia Luísa Catarina Débora Tatiane Vitória Joana Graça Bárbara Flávia
it: Giovanni Giuseppe Alessandro Lorenzo Francesco Matteo Niccolò Salvatore Vincenzo Raffaele Domenico Gianluca Chiara
    Francesca Giulia Alessandra Federica Ludovica Elisabetta Antonella Ilaria Margherita Simona Ornella
nl: Johannes Cornelis Hendrik Willem Pieter Jeroen Maarten Bastiaan Sander Joost Thijs Daan Wouter Anneke Marieke
    Wilhelmina Saskia Femke Lotte Sanne Hanneke Liesbeth Maaike Fleur Noor
nordic: Søren Jørgen Magnus Håkon Bjørn Åke Göran Lars Torbjörn Øyvind Jari Pekka Mikko Eero Kristoffer Ingrid Åsa
    Solveig Kirsten Gunilla Astrid Sigrid Päivi Aino Hanne Linnéa Siri Þóra
pl: Krzysztof Stanisław Zbigniew Andrzej Paweł Łukasz Wojciech Grzegorz Mateusz Jakub Tadeusz Małgorzata Katarzyna
    Agnieszka Joanna Elżbieta Aleksandra Zofia Kinga Bożena Świętosława Żaneta Iwona
cz: Jiří Tomáš Lukáš Zdeněk Václav Ondřej Vojtěch Radek Matěj Štěpán Božena Kateřina Lenka Jitka Zuzana Markéta Eliška
    Ludmila Renáta Šárka Dušan Miloš Ľubica
hu: László István György Zoltán Gábor Ferenc Balázs Dániel Attila Péter Erzsébet Katalin Ágnes Zsuzsanna Ildikó Réka
    Orsolya Eszter Boglárka Enikő
ro: Gheorghe Constantin Ștefan Alexandru Bogdan Răzvan Cătălin Vlad Mihai Andreea Ioana Ileana Mădălina Raluca Simona
    Crina Anca Luminița Cosmin Horia
tr: Mehmet Mustafa Hüseyin İbrahim Özgür Çağlar Ümit Yiğit Kerem Barış Fatma Ayşe Zeynep Gülşen Şebnem Özlem Elif
    Büşra Tuğba Nazlı Selin Cansu
bg: Ivan Georgi Dimitar Nikolai Stoyan Hristo Boris Vasil Aleksandar Todor Elena Mariya Olga Tatyana Desislava Radka
    Snezhana Yoana Kalina Vesela
gr: Georgios Konstantinos Dimitrios Nikolaos Panagiotis Spyridon Athanasios Eleni Aikaterini Vasiliki Despina Ioanna
    Paraskevi Chrysa
in: Rajesh Suresh Venkatesh Arjun Rohan Vikram Sanjay Anirudh Karthik Siddharth Harish Manoj Priya Lakshmi Ananya
    Deepika Kavitha Meenakshi Shreya Pooja Sunita Nandini Aishwarya Gayatri Rukmini
cn: Wei Jian Ming Haoran Zihan Yichen Junjie Xiaoming Guoqiang Bo Lei Feng Xiuying Li Na Fang Jing Xinyi Yutong
    Meiling Lihua Yan Ting Qian
jp: Hiroshi Takashi Kenji Satoshi Daisuke Haruto Ren Yūto Kazuya Shinji Naoki Yōko Keiko Yumi Sakura Hina Aoi Misaki
    Akiko Tomoko Chiyo Emi
kr: Min-jun Seo-jun Ji-ho Hyun-woo Sung-min Jae-won Dong-hyun Ji-woo Seo-yeon Min-seo Ha-eun Soo-jin Eun-ji Yu-na
    Hye-jin Kyung-soo
vn: Minh Tuấn Hùng Đức Quang Thành Phúc Khánh Anh Linh Hương Thảo Trang Ngọc Phương Mai Yến Hạnh
ar: Mohammed Ahmed Abdullah Omar Khalid Youssef Hassan Ibrahim Tariq Karim Fatima Aisha Maryam Layla Noura Salma
    Yasmin Hanan Zainab Rania Abdelrahman Mustafa
af: Chukwuemeka Oluwaseun Babatunde Kwame Kofi Thabo Sipho Mandla Tendai Juma Ngozi Adaeze Folasade Amina Abena
    Thandiwe Nomvula Wanjiru Achieng Zodwa Ifeoma Yetunde
""")

FAMILY = _by_language("""
en: Smith Johnson Williams Brown Miller Davis Wilson Anderson Taylor Moore Thompson Harris Clarke Walker Hughes
    Bennett O'Connor McCarthy O'Neill Fitzgerald Whitaker Ashworth Pemberton Holloway Radcliffe Chadwick Kensington
    Blackwood Sutherland MacLeod Stanhope-Reed Hale-Morton Whitfield Thornbury Lockhart Osgood Penhaligon Tredwell
    Yardley Underhill
de: Müller Schmidt Schneider Fischer Weber Meyer Wagner Becker Schulz Hoffmann Schäfer Köhler Krüger Böhm Großmann
    Weiß Lindenthal Vogelsang Steinbrück Oberhauser von_Arnstein Kaltenbach Dörflinger Zimmerling Brüggemann
    Hofstetter
fr: Martin Bernard Dubois Lefèvre Moreau Laurent Girard Rousseau Mercier Lemaître Gauthier Perrin Fontaine Chevalier
    Delacourt Beaumont Le_Goff d'Aubigny Marchand Thévenot Saint-Clair Vasseur Bézier Charpentier Poirier
es: García Rodríguez González Fernández López Martínez Sánchez Pérez Gómez Hernández Muñoz Álvarez Ibáñez Núñez Peña
    Quiroga Zubiri Echeverría Castañeda Villanueva García_Lorente de_la_Vega Ruiz_Peralta Ordóñez Etxebarria
pt: Silva Santos Oliveira Souza Pereira Ferreira Almeida Carvalho Ribeiro Gonçalves Araújo Magalhães Nóbrega Brandão
    Sequeira dos_Santos da_Costa Tavares Assunção Vasconcelos Falcão Simões
it: Rossi Russo Ferrari Esposito Bianchi Romano Colombo Ricci Marino Greco Conti D'Angelo De_Luca Mancini Pellegrini
    Castellani Montefiore Bonaventura Zanella Di_Pietro Lombardi Sartori
nl: de_Jong Jansen de_Vries van_den_Berg Bakker Visser Smit Mulder Bos van_Dijk Hendriks Brouwer van_'t_Hoff Dekker
    Kuipers Vermeulen Zwart Hoekstra ter_Horst Postma
nordic: Hansen Johansson Andersen Nilsson Larsen Karlsson Eriksson Lindqvist Sjöberg Åkesson Bjørnstad Ødegård
    Virtanen Korhonen Mäkinen Hämäläinen Nygård Holmström Strandberg Guðmundsdóttir Kjærgaard Østergaard
pl: Nowak Kowalski Wiśniewski Wójcik Kamiński Lewandowski Zieliński Szymański Dąbrowski Kozłowski Jabłoński Wróblewski
    Mazurek Grabowski-Zając Błaszczyk Ostrowski Chmiel Górecki Żurawski
cz: Novák Svoboda Novotný Dvořák Černý Procházka Kučera Veselý Horák Němec Pokorný Růžička Beneš Fiala Sedláček
    Doležal Kříž Štěpánek Vondráček
hu: Nagy Kovács Tóth Szabó Horváth Varga Kiss Molnár Németh Farkas Balogh Papp Takács Juhász Mészáros Szilágyi Vörös
ro: Popescu Ionescu Popa Dumitru Stan Gheorghiu Rusu Munteanu Matei Șerban Lazăr Ciobanu Țurcanu Bălan Drăgan
tr: Yılmaz Kaya Demir Şahin Çelik Yıldız Yıldırım Öztürk Aydın Özdemir Arslan Doğan Kılıç Aslan Çetin Güneş Koç Özkan
bg: Ivanov Petrov Dimitrov Georgiev Stoyanov Nikolov Todorov Kolev Marinov Angelov Vasilev Hristov Zhelev Kostov
    Yordanov
gr: Papadopoulos Georgiou Nikolaidis Oikonomou Vasileiou Karagiannis Makris Angelopoulos Samaras Panagiotou Kalogeras
in: Sharma Patel Gupta Singh Kumar Reddy Iyer Nair Mehta Joshi Rao Desai Chatterjee Banerjee Mukherjee Venkataraman
    Subramaniam Krishnamurthy Kulkarni Bhattacharya Pillai Chaudhary Agarwal
cn: Wang Li Zhang Liu Chen Yang Huang Zhao Wu Zhou Xu Sun Ma Zhu Hu Guo He Lin Gao Luo Ouyang Zheng
jp: Satō Suzuki Takahashi Tanaka Watanabe Itō Yamamoto Nakamura Kobayashi Katō Yoshida Yamada Sasaki Matsumoto Inoue
    Kimura Hayashi Ōno Shimizu Fujiwara
kr: Kim Lee Park Choi Jung Kang Cho Yoon Jang Lim Han Shin Seo Kwon Hwang
vn: Nguyễn Trần Lê Phạm Hoàng Huỳnh Phan Vũ Đặng Bùi Đỗ Hồ Ngô Dương
ar: Al-Farsi Al-Mansouri Haddad Khoury Nasser Saleh Mahmoud El-Sayed Bin_Rashid Aziz Hamdan Qureshi Rahman Al-Amin
    Benali Bouzid Chaoui Darwish Fayed
af: Okafor Adeyemi Okonkwo Mensah Boateng Dlamini Nkosi Ndlovu Mokoena Mwangi Otieno Kamau Abubakar Eze Asante Khumalo
    Balogun Owusu
""")

NICKNAMES = {
    given: tuple(short.split("/"))
    for given, short in (
        pair.split(":")
        for pair in words("""
James:Jim/Jimmy Robert:Bob/Rob Michael:Mike/Mick William:Bill/Will David:Dave Richard:Rick/Dick Thomas:Tom
Christopher:Chris/Kit Daniel:Dan/Danny Matthew:Matt Anthony:Tony Steven:Steve Andrew:Andy/Drew Joshua:Josh Kenneth:Ken
Edward:Ed/Ted/Ned Timothy:Tim Jeffrey:Jeff Gregory:Greg Samuel:Sam Benjamin:Ben Patrick:Pat/Paddy Alexander:Alex/Sandy
Jonathan:Jon Nicholas:Nick Jennifer:Jen/Jenny Elizabeth:Liz/Beth/Eliza Susan:Sue Jessica:Jess Sarah:Sally
Margaret:Maggie/Peggy Katherine:Kate/Kathy Patricia:Pat/Trish Deborah:Deb/Debbie Rebecca:Becky Christine:Chris/Tina
Victoria:Vicky Kimberly:Kim Emily:Em Abigail:Abby Charlotte:Charlie/Lottie Madeline:Maddie Theodora:Teddy/Thea
Philippa:Pip/Pippa Wolfgang:Wolf Sebastian:Basti Johannes:Hannes/Jo Tobias:Tobi Florian:Flo Maximilian:Max
Friedrich:Fritz Katharina:Kathi Franziska:Franzi Ursula:Uschi Lieselotte:Lilo Theresia:Resi Jean-Pierre:JP
Frédéric:Fred Guillaume:Gui Sébastien:Seb Geneviève:Ginette Francisco:Paco/Pancho José:Pepe Guadalupe:Lupe
Alejandro:Álex Santiago:Santi Ignacio:Nacho Fernando:Nando Concepción:Concha Dolores:Lola Rosario:Charo Beatriz:Bea
João:Joca António:Tó/Toni Eduardo:Edu Henrique:Rique Mariana:Mari Fernanda:Nanda Catarina:Cata Giovanni:Gianni
Giuseppe:Beppe Alessandro:Sandro Francesco:Checco Salvatore:Totò Vincenzo:Enzo Raffaele:Lello Domenico:Mimmo
Francesca:Fra Alessandra:Sandra Elisabetta:Betta Cornelis:Kees Hendrik:Henk Willem:Wim Pieter:Piet Bastiaan:Bas
Wilhelmina:Mina Elżbieta:Ela Małgorzata:Gosia Katarzyna:Kasia Agnieszka:Aga Joanna:Asia Aleksandra:Ola Zofia:Zosia
Krzysztof:Krzysiek Stanisław:Staszek Grzegorz:Grzesiek Wojciech:Wojtek Kateřina:Katka Zuzana:Zuzka Jiří:Jirka
Tomáš:Tom László:Laci István:Pisti Erzsébet:Bözsi Katalin:Kati Gheorghe:Gigi Constantin:Costel Alexandru:Sandu
Mehmet:Memo Mustafa:Musti Aleksandar:Sasho/Sasha Dimitar:Mitko Mariya:Mimi Georgios:Yorgos Konstantinos:Kostas
Dimitrios:Mitsos Panagiotis:Panos Aikaterini:Katerina Venkatesh:Venky Siddharth:Sid Lakshmi:Lucky Deepika:Dips
Mohammed:Mo Abdullah:Abdul Youssef:Joe Babatunde:Tunde Oluwaseun:Seun Chukwuemeka:Emeka Folasade:Sade
""")
    )
}

NATIVE: dict[str, str] = dict(
    pair.split(":")
    for pair in words("""
Ivan:Иван Georgi:Георги Dimitar:Димитър Nikolai:Николай Stoyan:Стоян Hristo:Христо Boris:Борис Vasil:Васил
Aleksandar:Александър Todor:Тодор Elena:Елена Mariya:Мария Olga:Олга Tatyana:Татяна Desislava:Десислава Radka:Радка
Snezhana:Снежана Yoana:Йоана Kalina:Калина Vesela:Весела Ivanov:Иванов Petrov:Петров Dimitrov:Димитров
Georgiev:Георгиев Stoyanov:Стоянов Nikolov:Николов Todorov:Тодоров Kolev:Колев Marinov:Маринов Angelov:Ангелов
Vasilev:Василев Hristov:Христов Zhelev:Желев Kostov:Костов Yordanov:Йорданов Georgios:Γεώργιος
Konstantinos:Κωνσταντίνος Dimitrios:Δημήτριος Nikolaos:Νικόλαος Panagiotis:Παναγιώτης Eleni:Ελένη
Aikaterini:Αικατερίνη Papadopoulos:Παπαδόπουλος Georgiou:Γεωργίου Nikolaidis:Νικολαΐδης Oikonomou:Οικονόμου
Makris:Μακρής Samaras:Σαμαράς Wei:伟 Jian:建 Ming:明 Haoran:浩然
Zihan:子涵 Yichen:奕辰 Junjie:俊杰 Bo:波 Lei:磊 Feng:峰 Xiuying:秀英
Fang:芳 Jing:静 Xinyi:欣怡 Yutong:雨桐 Meiling:美玲 Lihua:丽华 Wang:王
Li:李 Zhang:张 Liu:刘 Chen:陈 Yang:杨 Huang:黄 Zhao:赵 Wu:吴
Zhou:周 Mohammed:محمد Ahmed:أحمد Omar:عمر Khalid:خالد Hassan:حسن Fatima:فاطمة Layla:ليلى Haddad:حداد Khoury:خوري
Nasser:ناصر Saleh:صالح Mahmoud:محمود Darwish:درويش
""")
)
"""The same names in their own script, as some people write their own profile."""

FREE_MAIL = _by_language("""
any: gmail.com gmail.com gmail.com gmail.com outlook.com hotmail.com yahoo.com icloud.com proton.me
de: gmx.de web.de gmail.com t-online.de
fr: orange.fr gmail.com laposte.net free.fr
pt: uol.com.br gmail.com sapo.pt
it: libero.it gmail.com virgilio.it
pl: wp.pl gmail.com onet.pl
cz: seznam.cz gmail.com
in: gmail.com rediffmail.com yahoo.co.in
cn: qq.com 163.com gmail.com
jp: yahoo.co.jp gmail.com
kr: naver.com gmail.com
""")
"""Where private mail lives; `any` for the languages that have no list of their own."""

HANDLES = words("""
bluefox nightowl skaterboy tinywhale mountaingoat coffeebean redpanda starlight pixelcat ironduck moonwalker greentea
happyotter silverpine lazylizard thunderpaw oldschool biketour sunnyday zenmaster codemonkey fastfish rainbird
""")

TITLES = words("""
CEO CTO CFO COO Head_of_Product Product_Manager Software_Engineer Senior_Software_Engineer Data_Analyst Data_Engineer
VP_Sales Sales_Manager Account_Executive Marketing_Manager Growth_Lead Operations_Manager IT_Manager Office_Manager
Designer UX_Researcher Customer_Success_Manager HR_Manager Finance_Director Procurement_Lead Consultant Founder
Solutions_Architect DevOps_Engineer QA_Lead Business_Analyst Chief_of_Staff Project_Manager
""")

_LETTERS = str.maketrans(
    {
        "ø": "o",
        "Ø": "O",
        "ł": "l",
        "Ł": "L",
        "đ": "d",
        "Đ": "D",
        "ı": "i",
        "ß": "ss",
        "æ": "ae",
        "Þ": "Th",
        "þ": "th",
        "ð": "d",
    }
)


def fold(text: str) -> str:
    """Write a Latin name in plain ASCII, as keyboards and mail addresses force it.

    >>> fold("Øyvind Großmann-Żurawski")
    'Oyvind Grossmann-Zurawski'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode("ascii")
