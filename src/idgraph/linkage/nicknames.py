"""Short and familiar forms of given names. Evidence about a pair, never a union: a Pat is Patrick or Patricia.

Two names agree where they are forms of one name: Bob and Rob of Robert. What forms of different names share, as Al of
Albert and Alan, does not make Albert agree with Alan.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Final

import polars as pl

__all__ = ["nicknames_agree"]

# Common in English-speaking countries and their neighbours; each line one name and its forms, longest first.
_FORMS: Final = """
abigail abby gail
abraham abe bram
adelaide addie heidi
agnes aggie nessa
albert al bert bertie
alexander alex al alec sandy sasha lex xander
alexandra alex sandra sandy sasha lexi
alfred alf alfie fred
alison ali
amanda mandy
andrea andi
andrew andy drew
angela angie
anna ann anne annie nan nancy anya
anthony tony ant
antonia toni
arnold arnie
arthur art artie
barbara barb babs barbie
bartholomew bart
beatrice bea trixie
benjamin ben benny benji
bernard bernie
bethany beth
bradley brad
bridget biddy bridie
calvin cal
cameron cam
caroline carol carrie lina
cassandra cass cassie sandra
catherine cathy cat kate katie kitty katy cath
charles charlie chuck chas chaz
charlotte charlie lottie lotte
christina chris chrissie tina
christine chris chrissie tina
christopher chris kit topher
clifford cliff
constance connie
cornelius neil con kees
cynthia cindy
daniel dan danny
danielle dani
david dave davy
deborah deb debbie debra
dennis den denny
derek del
diana di
dominic dom nick
donald don donnie
dorothy dot dottie dolly dora
douglas doug
edmund ed eddie ned ted
edward ed eddie ned ted teddy
edwin ed eddie win
eleanor ellie nell nora nellie
elizabeth liz beth betty lizzie eliza betsy lisa libby elsie bess lily
ellen nell ellie nellie
emily em emmy millie
emma em emmy
eugene gene
evelyn eve evie
ezekiel zeke
florence flo flossie
frances fran fanny francie frankie
francis frank fran
franklin frank
frederick fred freddie rick fritz
gabriel gabe
gabrielle gabby
geoffrey geoff jeff
gerald gerry jerry
gerard gerry jerry ger
gertrude gertie trudy
gilbert gil bert
giovanni gianni nino
gregory greg
gwendolyn gwen wendy
harold harry hal
harriet hattie harry
helen nell nellie lena
henry harry hank hal
herbert herb bert
howard howie
hubert hugh bert
ian iain
isaac ike zac
isabella bella izzy belle
isabel bella izzy belle
jacob jake jack
jacqueline jackie
james jim jimmy jamie jem
jane janie jenny
janet jan
jason jay
jean jeannie
jeffrey jeff
jennifer jen jenny jenn
jeremiah jerry jem
jeremy jerry jem
jessica jess jessie
joanna jo joan
joanne jo
john jack johnny jon
jonathan jon jonny nathan
jose pepe
joseph joe joey jo
josephine jo josie
joshua josh
judith judy jude
julia julie jules
julian jules
katherine kate katie kathy kat kitty kath kay
kathleen kathy kath kate kay
kenneth ken kenny
kimberly kim
lambert bert
laura laurie
lawrence larry laurie lars
leonard leo len lenny
leonardo leo nardo
leslie les
lillian lily lil
louis lou louie
louisa lou
louise lou
lucille lucy
madeline maddie
magdalena lena magda
manuel manny
margaret maggie meg peggy marge margie greta rita peg daisy
maria mary mia
marianne mary anne
marjorie marge margie
martha marty patsy
martin marty
martina tina
mary molly polly mae mamie
matilda tilly mattie tilda
matthew matt matty
maurice mo
maximilian max
melanie mel
melissa mel missy lissa
michael mike mick mickey mikey
michelle shelly chelle
mildred millie
miriam mimi
mohammed mo
montgomery monty
nathan nate nat
nathaniel nate nat nathan
nicholas nick nicky klaus
nicole nicky nikki
norman norm
oliver ollie
olivia liv livvy ollie
oscar ozzie
pamela pam
patricia pat patty tricia trish
patrick pat paddy
penelope penny
peter pete
philip phil pip
priscilla cilla
prudence prue
rachel rach shelly
raymond ray
rebecca becky becca
reginald reg reggie
richard rick dick rich ricky dickie
robert bob rob bobby robbie bert
roberta bobbie
roderick rod rick
rodney rod
roger rodge
roland rollo
ronald ron ronnie
rosemary rose rosie
roxanne roxy
russell russ
samantha sam
samuel sam sammy
sandra sandy
sarah sally sadie
sebastian seb bastian
sharon shaz
sidney sid
sophia sophie
stanley stan
stephanie steph
stephen steve stevie
steven steve stevie
stewart stu
stuart stu
susan sue susie suzy
susanna sue susie suzy
sylvester sly
tabitha tabby
tamara tammy
terence terry
teresa terry tess tessa
theodore ted theo teddy
theresa terry tess tessa
thomas tom tommy
timothy tim timmy
tobias toby
ulrich uli
valentina val tina
valerie val
veronica ronnie vera
victor vic
victoria vicky tori
vincent vince vinnie
virginia ginny
vivian viv
vladimir vlad vova
walter walt wally
wilfred wilf fred
wilhelmina mina willa
william bill will billy willy liam
winifred win winnie freda
winston win
zachary zach zac zack
"""


def _forms() -> pl.DataFrame:
    """Every form, and the names it is a form of: form, of."""
    names: defaultdict[str, list[int]] = defaultdict(list)
    for number, line in enumerate(_FORMS.split("\n")):
        for form in line.split():
            names[form].append(number)
    return pl.DataFrame({"form": list(names), "of": list(names.values())})


_FORM_OF: Final = _forms()


def nicknames_agree(left: pl.Series, right: pl.Series) -> pl.Series:
    """Say which names are alike but for their first words, and these are forms of one name.

    Args:
        left: String, tidy names, none null.
        right: String, the other name of each pair.

    >>> nicknames_agree(
    ...     pl.Series(["bob", "bill ray", "albert"]), pl.Series(["robert", "william ray", "alan"])
    ... ).to_list()
    [True, True, False]
    """
    sides = []
    for side in (left, right):
        parts = side.str.splitn(" ", 2).struct.unnest()
        known = parts.rename({"field_0": "form", "field_1": "rest"}).join(
            _FORM_OF, on="form", how="left", maintain_order="left"
        )
        sides.append(known)
    one, other = sides
    shared = one["of"].list.set_intersection(other["of"]).list.len() > 0
    return shared.fill_null(value=False) & one["rest"].eq_missing(other["rest"])
