"""Legal forms of companies, and names that name no company.

Written for this library from general knowledge of company law. Forms are spelled as `normalise_company_name` leaves
words: lower case, accents folded, dots dropped.
"""

from __future__ import annotations

from typing import Final

from idgraph.normalise.words import phrases, words

__all__ = ["GENERIC", "LEGAL_ENDINGS", "LEGAL_OPENINGS", "SORTS", "UNSPACED_FORMS"]

# At the end of a name, alone or in a row (`gmbh and co kg`). Left out where the word is as often something else: the
# Bulgarian ad, the Hungarian bt, the Swedish hb.
LEGAL_ENDINGS: Final = phrases(
    """
    inc | incorporated | corp | corporation | co | company | llc | l l c | llp | l l p | lllp | lp | pllc | pc | pbc
    ltd | limited | l t d | plc | p l c | cic | ulc | unltd | teo | teoranta | unlimited | ltee | limitee | and
    and co | and company | gmbh | g m b h | ggmbh | mbh | ag | a g | kg | k g | kgaa | ohg | gbr | ug
    haftungsbeschrankt | e v | ev | e k | e u | aktiengesellschaft | and co kg | und co | und co kg
    gesellschaft mit beschrankter haftung | se | s e | sa | s a | sas | s a s | sasu | sarl | s a r l | sa rl | eurl
    snc | scop | scp | selarl | societe anonyme | sagl | et cie | and cie | et co | spa | s p a | srl | s r l | srls
    sapa | scarl | scrl | societa per azioni | sl | s l | slu | s l u | slp | sau | s a u | sociedad anonima
    sociedad limitada | sa de cv | s a de c v | s de rl de cv | s de r l de c v | s de rl | s de r l | s en c | saa
    sll | s l l | slne | s coop | scoop | coop | srl de cv | sapi de cv | sab de cv | de cv | sac | s a c | eirl
    cia | y cia | e cia | ltda | eireli | epp | lda | unipessoal | sgps | bv | b v | nv | n v | vof | v o f | cv
    bvba | b v b a | sprl | s p r l | eg | e g | og | gesbr | partg | partgmbb | partg mbb | stg | gie | scs | sca
    scpa | sicav | cvba | asbl | vzw | ab | a b | publ | as | a s | asa | a s a | aps | a p s | oy | oyj | o y | ky
    hf | ehf | ohf | ivs | i s | k s | p s | amba | fmba | smba | ans | nuf | tmi | t mi | sp zoo | sp z oo | spzoo
    sp z o o | spolka z oo | spolka z o o | spolka akcyjna | sp j | sp k | spolka komandytowa | sro | s r o
    spol s ro | spol s r o | vos | kft | zrt | nyrt | korlatolt felelossegu tarsasag | doo | d o o | jdoo | eood
    ood | sia | uab | ou | zao | oao | pao | jsc | ojsc | ead | dooel | shpk | sh p k | ae | a e | oe | o e | epe
    e p e | ike | i k e | dd | d d | kda | kkt | kht | pjsc | cjsc | sti | ltd sti | anonim sirketi
    limited sirketi | pte | pvt | private limited | private ltd | opc | pty | proprietary | npc | kk | k k | gk | yk
    kabushiki kaisha | godo kaisha | sdn | bhd | plt | tbk | persero | pcl | fzc | fze | fz llc | fzco | dmcc | wll
    w l l | saog | saoc | psc | qsc | kscc | sal | sae | ооо | зао | оао | пао | ао | тов | тоо
    αε | οε | εε | επε | ικε
    """
)

# Before a name, in the languages that put the form first.
LEGAL_OPENINGS: Final = words("the pt ooo zao oao pao ao tov uab sia pp ооо зао оао пао ао тов тоо ип")

# Written without a space beside the name.
UNSPACED_FORMS: Final = words(
    """
    株式会社 有限会社 合同会社 合名会社 合資会社 股份有限公司 有限责任公司 有限責任公司 有限公司 股份公司
    주식회사 유한회사 (주) (株) (有)
    """
)

# What a company may be: a name of these alone names none.
SORTS: Final = words(
    "business companies company corporation enterprise enterprises firm group groupe gruppe holding holdings"
)

# What people type where a company is asked for and there is none.
GENERIC: Final = phrases(
    """
    123 | 1234 | 12345 | 123456 | aaa | abc | abc company | abcd | account | anonymous | any | anything | asdf
    asdfasdf | auto entrepreneur | autoentrepreneur | autonoma | autonomo | bar | between jobs | blank | business
    client | college | company | company name | confidential | consultant | consulting | contractor | customer
    default | default workspace | demo | demo account | demo company | dummy | eenmanszaak | einzelunternehmen
    einzelunternehmer | empty | example | example company | fake | family | foo | foo bar | freelance | freelancer
    freelancing | freiberufler | guest | home | household | independant | independent | independent consultant
    independent contractor | individual | job | job seeker | libero professionista | looking for work | main | me
    misc | miscellaneous | my account | my business | my company | my org | my organisation | my organization
    my project | my space | my team | my workspace | myself | n a | na | new account | new company
    new organization | new team | new workspace | no | no company | none | nope | not applicable | not available
    not provided | nothing | null | office | org | organisation | organization | other | own | particular
    particulier | pensionist | personal | personal account | personal use | personal workspace | primary | privat
    private | private person | privato | privatperson | project | prospect | qwerty | rentner | retired | sample
    sample company | sandbox | school | selbstandig | selbstandige | selbststandig | self | self employed
    self employment | selfemployed | small business | sole proprietor | sole trader | start up | startup | stealth
    stealth mode | stealth mode startup | stealth startup | student | tba | tbd | team | test | test account
    test company | test org | test test | test workspace | test123 | tester | testing | tests | undefined
    unemployed | university | unknown | unknown company | untitled | various | work | workspace | x | xx | xxx | xyz
    your company | zzp | zzper
    """
)
