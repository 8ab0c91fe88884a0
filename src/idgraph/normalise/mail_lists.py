"""What is known of mail domains and mailbox names: plain words, one table a class.

Written for this library from general knowledge. The tables name the well-known, not all: a company's own evidence (a CRM
account with that website) outranks them. A domain is in at most one of `FREE`, `ISP`, `DISPOSABLE` and `RELAY`.
"""

from __future__ import annotations

from typing import Final

__all__ = [
    "DISPOSABLE",
    "FREE",
    "ISP",
    "PLACEHOLDER_DOMAINS",
    "PLACEHOLDER_LOCALS",
    "PLACEHOLDER_MAILS",
    "RELAY",
    "RESERVED_DOMAINS",
    "RESERVED_TLDS",
    "ROLES",
]

# One brand under many country suffixes.
_FAMILIES: Final = {
    "yahoo": """com co.uk fr de it es ca in co.in com.au com.br com.mx com.ar co.jp com.tw com.hk com.sg com.ph co.id com.vn
        co.th co.kr ie nl se no dk pl gr ro hu cz pt com.tr co.za co.nz com.my com.cn cn com.co com.pe com.ve cl be at ch fi
        co.il com.ua bg""",
    "hotmail": """com co.uk fr de it es ca be nl se no dk fi ch at gr com.br com.ar com.mx com.tr com.au co.jp co.th co.kr
        com.tw com.hk sg my ph cl co.za co.nz co.il co.id co.in cz hu lv lt sk rs jp com.vn""",
    "outlook": """com fr de it es be dk at ie pt cz hu sk lv cl co.id co.il co.nz co.th com.ar com.au com.br com.gr com.hr
        com.pe com.tr com.vn bg in jp kr my ph sa sg""",
    "live": """com co.uk fr de it nl be ca cl cn com.ar com.au com.mx com.my com.pt com.sg com.ph dk fi hk ie in jp no ru se
        at co.kr co.za co.in""",
    "gmx": "com net de at ch us co.uk fr es info biz org eu pt li cc tm sg hk cn co.in ie it ca ru tw",
    "yandex": "ru com ua by kz com.tr com.ge com.am uz fr",
    "googlemail": "com de co.uk",
    "zoho": "com in eu com.au",
    "zohomail": "com in eu",
}

_FREE_BY_REGION: Final = (
    # worldwide
    """gmail.com msn.com passport.com windowslive.com ymail.com rocketmail.com myyahoo.com icloud.com me.com mac.com aol.com
    aim.com aol.co.uk aol.fr aol.de aol.in aol.it aol.es love.com games.com wow.com proton.me protonmail.com protonmail.ch
    pm.me hey.com fastmail.com fastmail.fm fastmail.co.uk fastmail.net fastmail.us fastmail.to fastmail.in sent.com eml.cc
    hushmail.com hushmail.me hush.com hush.ai tuta.io tuta.com tutanota.com tutanota.de tutamail.com keemail.me
    mailfence.com posteo.de posteo.net mailbox.org startmail.com runbox.com ctemplar.com countermail.com kolabnow.com
    disroot.org riseup.net skiff.com onmail.com vivaldi.net mailo.com lavabit.com autistici.org cock.li airmail.cc
    vfemail.net dismail.de safe-mail.net pobox.com inbox.com operamail.com gawab.com lycos.com excite.com usa.net
    netscape.net netscape.com compuserve.com cs.com juno.com netzero.com netzero.net bigfoot.com mailcity.com altavista.com
    care2.com netaddress.com hotpop.com imap.cc imapmail.org letterboxes.org mail.com email.com usa.com europe.com asia.com
    consultant.com engineer.com post.com dr.com myself.com techie.com writeme.com iname.com cheerful.com accountant.com
    workmail.com lawyer.com doctor.com execs.com mail-me.com contractor.net """,
    # German-speaking
    """web.de freenet.de t-online.de arcor.de email.de mail.de vodafonemail.de kabelmail.de unitybox.de
    online.de onlinehome.de emailn.de lycos.de netcologne.de alice-dsl.de alice-dsl.net alice.de versanet.de ewetel.net
    ewe.net hanse.net hansenet.de tiscali.de gmx-topmail.de directbox.com o2online.de o2mail.de genion.de e-mail.de
    bluewin.ch sunrise.ch hispeed.ch swissonline.ch bluemail.ch vtxmail.ch gmx.net chello.at aon.at inode.at utanet.at
    kabsi.at drei.at liwest.at a1.net""",
    # Russia, Ukraine and their neighbours
    """mail.ru mail.ua inbox.ru list.ru bk.ru internet.ru rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru r0.ru
    pochta.ru hotbox.ru newmail.ru nm.ru qip.ru fromru.com front.ru land.ru smtp.ru xaker.ru km.ru aport.ru narod.ru ya.ru
    mail15.com mail333.com pisem.net ukr.net i.ua meta.ua bigmir.net online.ua email.ua e-mail.ua ua.fm 3g.ua tut.by
    mail.by mail.kz inbox.lv inbox.lt one.lv mail.ee hot.ee online.ee""",
    # East and South Asia
    """qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net vip.163.com vip.126.com 188.com sina.com sina.cn sina.com.cn
    vip.sina.com sohu.com vip.sohu.com tom.com 21cn.com 139.com 189.cn wo.cn aliyun.com 263.net eyou.com hainan.net
    naver.com hanmail.net daum.net nate.com kakao.com korea.com dreamwiz.com empal.com paran.com hanmir.com chol.com
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp excite.co.jp goo.jp infoseek.jp nifty.com biglobe.ne.jp
    ymobile.ne.jp ybb.ne.jp so-net.ne.jp ocn.ne.jp plala.or.jp dion.ne.jp netvigator.com pchome.com.tw hinet.net
    seed.net.tw singnet.com.sg pacific.net.sg tm.net.my streamyx.com vnn.vn rediffmail.com rediff.com sify.com
    indiatimes.com in.com vsnl.com vsnl.net bsnl.in dataone.in zapak.com sancharnet.in""",
    # Italy, France, Iberia
    """libero.it virgilio.it tiscali.it alice.it tin.it inwind.it iol.it blu.it email.it supereva.it fastwebnet.it
    teletu.it katamail.com jumpy.it interfree.it aliceposta.it giallo.it wanadoo.fr laposte.net
    free.fr sfr.fr neuf.fr club-internet.fr numericable.fr bbox.fr aliceadsl.fr cegetel.net 9online.fr voila.fr noos.fr
    caramail.com caramail.fr dbmail.com infonie.fr terra.es telefonica.net ono.com ya.com wanadoo.es orange.es
    euskaltel.net mixmail.com hispavista.com sapo.pt netcabo.pt clix.pt iol.pt oninet.pt mail.pt portugalmail.pt aeiou.pt
    portugalmail.com netcabo.com""",
    # Latin America
    """uol.com.br bol.com.br terra.com.br ig.com.br globomail.com zipmail.com.br pop.com.br
    superig.com.br brturbo.com.br itelefonica.com.br terra.com terra.com.mx terra.com.ar terra.cl prodigy.net.mx
    infinitum.com.mx fibertel.com.ar arnet.com.ar ciudad.com.ar speedy.com.ar uolsinectis.com.ar sinectis.com.ar cantv.net
    latinmail.com starmedia.com vtr.net une.net.co""",
    # Britain and Ireland
    """btinternet.com btopenworld.com talk21.com btconnect.com blueyonder.co.uk ntlworld.com virginmedia.com virgin.net
    talktalk.net tiscali.co.uk tesco.net freeserve.co.uk fsmail.net lineone.net supanet.com onetel.com onetel.net orange.net
    o2.co.uk uwclub.net madasafish.com ukgateway.net postmaster.co.uk another.com dsl.pipex.com pipex.com manx.net
    breathe.com lycos.co.uk eircom.net indigo.ie iol.ie upcmail.ie""",
    # Low Countries
    """home.nl ziggo.nl kpnmail.nl kpnplanet.nl planet.nl hetnet.nl xs4all.nl upcmail.nl casema.nl chello.nl zonnet.nl
    quicknet.nl wxs.nl online.nl tele2.nl solcon.nl caiway.nl telfort.nl skynet.be telenet.be scarlet.be pandora.be
    belgacom.net voo.be pt.lu internet.lu""",
    # Nordic countries
    """spray.se bredband.net comhem.se tele2.se home.se bahnhof.se swipnet.se glocalnet.net passagen.se online.no
    broadpark.no start.no frisurf.no getmail.no lyse.net c2i.net jubii.dk ofir.dk sol.dk stofanet.dk post.tele.dk
    get2net.dk mail.tele.dk mail.dk tdcadsl.dk suomi24.fi luukku.com kolumbus.fi saunalahti.fi elisanet.fi pp.inet.fi
    welho.com netti.fi simnet.is""",
    # Central and Eastern Europe
    """wp.pl onet.pl o2.pl interia.pl op.pl tlen.pl poczta.onet.pl poczta.fm vp.pl gazeta.pl autograf.pl interia.eu onet.eu
    poczta.onet.eu go2.pl buziaczek.pl spoko.pl konto.pl amorki.pl neostrada.pl seznam.cz email.cz post.cz centrum.cz
    atlas.cz volny.cz quick.cz tiscali.cz azet.sk zoznam.sk post.sk centrum.sk atlas.sk pobox.sk stonline.sk freemail.hu
    citromail.hu indamail.hu vipmail.hu mailbox.hu t-online.hu chello.hu upcmail.hu abv.bg dir.bg gbg.bg mail.bg net.hr
    inet.hr siol.net email.si volja.net eunet.rs sbb.rs ptt.rs home.ro clicknet.ro rdslink.ro k.ro otenet.gr forthnet.gr
    hol.gr in.gr pathfinder.gr freemail.gr windowslive.gr""",
    # Middle East and Africa
    """mynet.com superonline.com ttmail.com walla.co.il walla.com 012.net.il 013.net netvision.net.il bezeqint.net
    zahav.net.il maktoob.com emirates.net.ae eim.ae mweb.co.za webmail.co.za vodamail.co.za telkomsa.net iafrica.com
    absamail.co.za polka.co.za worldonline.co.za""",
    # Oceania
    """bigpond.com bigpond.net.au bigpond.com.au optusnet.com.au iinet.net.au westnet.com.au tpg.com.au dodo.com.au
    adam.com.au ozemail.com.au netspace.net.au aapt.net.au xtra.co.nz clear.net.nz slingshot.co.nz paradise.net.nz
    ihug.co.nz orcon.net.nz inspire.net.nz vodafone.co.nz""",
    # North America
    """comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net optonline.net optimum.net
    roadrunner.com rr.com twc.com centurylink.net centurytel.net embarqmail.com frontiernet.net windstream.net
    mindspring.com peoplepc.com prodigy.net prodigy.com pacbell.net swbell.net ameritech.net snet.net flash.net nvbell.net
    worldnet.att.net adelphia.net mchsi.com suddenlink.net cableone.net wowway.com insightbb.com knology.net q.com
    qwest.net tds.net hughes.net atlanticbb.net bresnan.net epix.net zoominternet.net rcn.com ptd.net gci.net sympatico.ca
    shaw.ca videotron.ca videotron.qc.ca telus.net cogeco.ca eastlink.ca mts.net sasktel.net bellaliant.net bell.net
    teksavvy.com""",
)

# A provider whose customers and whose own staff use the same domain: free mail or a company, evidence must say.
ISP: Final = frozenset(
    """rogers.com cox.com telstra.com telstra.com.au sky.com earthlink.net orange.fr telenor.no telekom.de tdc.dk kpn.nl
    proximus.be swisscom.ch swisscom.com telus.com bell.ca shaw.com sasktel.com frontier.com windstream.com spectrum.com
    charter.com centurylink.com verizon.com comcast.com att.com t-mobile.com sprint.com vodafone.com o2.com bt.com ee.co.uk
    plus.net plusnet.com zen.co.uk virginmedia.co.uk talktalk.co.uk orange.com bouyguestelecom.fr telefonica.com
    telefonica.es movistar.es vodafone.es meo.pt telecomitalia.it fastweb.it wind.it elisa.fi dna.fi telia.se telia.fi
    tele2.com a1.at magenta.at upc.cz o2.cz turktelekom.com.tr vodacom.co.za telkom.co.za mtn.com etisalat.ae stc.com.sa
    airtel.in airtel.com jio.com bsnl.co.in singtel.com starhub.com starhub.net.sg maxis.com.my pldt.com.ph optus.com.au
    internode.on.net spark.co.nz claro.com.br vivo.com.br telmex.com poste.it oi.com.br tim.it telia.com
    vodafone.it vodafone.de vodafone.ie r7.com globo.com waitrose.com""".split()
)

FREE: Final = frozenset(
    [f"{brand}.{suffix}" for brand, suffixes in _FAMILIES.items() for suffix in suffixes.split()]
    + [domain for region in _FREE_BY_REGION for domain in region.split()]
)

# Addresses made by a service for one sender or one sign-up: one person, but only in the source that got it.
RELAY: Final = frozenset(
    """privaterelay.appleid.com users.noreply.github.com users.noreply.gitlab.com users.noreply.codeberg.org duck.com
    mozmail.com relay.firefox.com slmail.me aleeas.com simplelogin.com simplelogin.co simplelogin.fr dralias.com 8alias.com
    8shield.net silomails.com anonaddy.me anonaddy.com addy.io passmail.net passmail.com passinbox.com passfwd.com
    erine.email 33mail.com mailer.me privatemail.ai cloaked.id use.startmail.com sneakemail.com blur.com opayq.com
    marketplace.amazon.com marketplace.amazon.co.uk marketplace.amazon.de guest.booking.com guest.airbnb.com
    members.ebay.com reply.craigslist.org proxymail.facebook.com tfbnw.net""".split()
)

DISPOSABLE: Final = frozenset(
    """mailinator.com mailinator.net mailinator2.com binkmail.com bobmail.info chammy.info devnullmail.com letthemeatspam.com
    mailinater.com notmailinator.com reallymymail.com safetymail.info sogetthis.com spamhereplease.com streetwisemail.com
    suremail.info thisisnotmyrealemail.com tradermail.info veryrealemail.com zippymail.info guerrillamail.com
    guerrillamail.net guerrillamail.org guerrillamail.biz guerrillamail.de guerrillamail.info guerrillamailblock.com
    sharklasers.com grr.la spam4.me pokemail.net 10minutemail.com 10minutemail.net 10minutemail.de 10minutemail.co.uk
    10minutemail.us 10minemail.com 10minmail.de 10mail.org 20minutemail.com 20minutemail.it
    30minutemail.com 60minutemail.com minutemail.com tempmail.com temp-mail.org temp-mail.com temp-mail.io temp-mail.ru
    temp-mail.de tempmail.net tempmail.de tempmail.us tempmail.ws tempmail.plus tempmail.dev tempmailo.com tempmailer.com
    tempmailer.de tempmailaddress.com tempail.com tempr.email tempinbox.com tempinbox.co.uk tempemail.com tempemail.net
    tempemail.co.za tempomail.fr temporarymail.org temporaryemail.net temporaryinbox.com temporarymailaddress.com
    temporarily.de tmail.ws tmail.com tmpmail.net tmpmail.org tmpeml.com tmpbox.net tmpnator.live mail-temp.com
    mail-temporaire.fr mailtemp.net yopmail.com yopmail.fr yopmail.net yopmail.gq cool.fr.nf jetable.fr.nf courriel.fr.nf
    moncourrier.fr.nf monemail.fr.nf monmail.fr.nf nospam.ze.tc nomail.xl.cx mega.zik.dj speed.1s.fr jetable.org
    jetable.com jetable.net trashmail.com trashmail.net trashmail.org trashmail.de trashmail.me trashmail.at
    trashmail.io trashmail.ws trash-mail.com trash-mail.de trash-mail.at trash-me.com trashymail.com trashymail.net
    trashdevil.com trashinbox.com trbvm.com wegwerfmail.de wegwerfmail.net wegwerfmail.org wegwerfemail.de wegwerfemail.com
    wegwerf-email.de wegwerf-email-addressen.de einmalmail.de einrot.com spambog.com spambog.de spambog.ru spamgourmet.com
    spamgourmet.net spamgourmet.org spambox.us spambox.info spamfree24.org spamfree24.com spamfree24.de spamfree24.net
    spamfree24.eu spamfree24.info spamex.com spamhole.com spammotel.com spamavert.com spamspot.com spamcorptastic.com
    spamday.com spaml.de spaml.com spam.la spam.su spam.care spamobox.com spamslicer.com spamthis.co.uk maildrop.cc
    mailnesia.com mailnull.com mailcatch.com mailexpire.com mailmoat.com mailshell.com mailsac.com mailslite.com
    mailtothis.com mailzilla.com mailzilla.org mailbidon.com mailbiz.biz mailblocks.com mailbucket.org maileater.com
    mailforspam.com mailfreeonline.com mailguard.me mailimate.com mailin8r.com mailmetrash.com mailme24.com mailpoof.com
    mailpick.biz mailrock.biz mailscrap.com mailseal.de mailsiphon.com mailtrash.net mailtv.net mailnator.com mailto.plus
    mail.tm getnada.com nada.email nada.ltd abyssmail.com boximail.com clrmail.com dropjar.com getairmail.com
    givmail.com inboxbear.com robot-mail.com tafmail.com vomoto.com zetmail.com fakeinbox.com fakemail.fr
    fakemail.net fakemailgenerator.com fakeinformation.com armyspy.com cuvox.de dayrep.com fleckens.hu gustr.com
    jourrapide.com rhyta.com superrito.com teleworm.us throwawaymail.com throwawayemailaddress.com throwam.com
    throwaway.email dispostable.com disposableemailaddresses.com disposableinbox.com disposeamail.com 
    discard.email discardmail.com discardmail.de discard.cf discard.ga discard.gq discard.ml discard.tk incognitomail.com
    incognitomail.net incognitomail.org mytrashmail.com mytempemail.com mytempmail.com myspamless.com mintemail.com
    meltmail.com moakt.com moakt.cc moakt.co moakt.ws disbox.net disbox.org tmails.net bareed.ws emailondeck.com
    emailtemporario.com.br emailtemporanea.com emailtemporanea.net emailsensei.com emailfake.com emailias.com
    emailigo.de emailinfive.com emailmiser.com emailwarden.com emailx.at.hm emltmp.com anonbox.net anonymbox.com
    antispam24.de antichef.com antichef.net antireg.ru beefmilk.com bugmenot.com bumpymail.com burnermail.io
    burnthespam.info casualdx.com centermail.com crapmail.org curryworld.de deadaddress.com deadspam.com despam.it
    despammed.com dodgeit.com dodgit.com dodgit.org dontreg.com dontsendmespam.de drdrb.com drdrb.net dropmail.me
    10mail.xyz yomail.info emlhub.com emlpro.com minimail.gq dump-email.info dumpmail.de dumpyemail.com e4ward.com
    easytrashmail.com email60.com ephemail.net explodemail.com fastacura.com filzmail.com fizmail.com
    flyspam.com frapmail.com freundin.ru garliclife.com get1mail.com get2mail.fr getonemail.com getonemail.net
    ghosttexter.de girlsundertheinfluence.com gishpuppy.com great-host.in greensloth.com haltospam.com harakirimail.com
    hidemail.de hidzz.com hmamail.com hochsitze.com hotpop3.com hulapla.de ieatspam.eu ieatspam.info ihateyoualot.info
    imails.info inboxalias.com inboxclean.com inboxclean.org inboxkitten.com inboxproxy.com instant-mail.de ipoo.org
    irish2me.com jnxjn.com junk1e.com kasmail.com kaspop.com killmail.com killmail.net klassmaster.com
    klzlk.com koszmail.pl kurzepost.de lifebyfood.com link2mail.net litedrop.com lookugly.com lopl.co.cc lortemail.dk
    lroid.com luxusmail.org mbx.cc mciek.com mega.zik.dj mohmal.com mohmal.in mohmal.im mohmal.tech msgsafe.io mt2009.com
    mypartyclip.de nepwk.com nervmich.net nervtmich.net neverbox.com no-spam.ws nobulk.com noclickemail.com nogmailspam.info
    nomail.pw nomail2me.com nomorespamemails.com nospam4.us nospamfor.us nospammail.net nospamthanks.info nowmymail.com
    objectmail.com obobbo.com odnorazovoe.ru oneoffemail.com onewaymail.com oopi.org ordinaryamerican.net otherinbox.com
    owlpic.com pjjkp.com plexolan.de politikerclub.de pookmail.com privacy.net privatdemail.net proxymail.eu prtnx.com
    punkass.com putthisinyourspamdatabase.com quickinbox.com rcpt.at recode.me recursor.net regbypass.com rmqkr.net
    rppkn.com rtrtr.com s0ny.net safersignup.de sandelf.de saynotospams.com selfdestructingmail.com sendspamhere.com
    shieldedmail.com shiftmail.com shitmail.me shitmail.org shortmail.net skeefmail.com slaskpost.se slopsbox.com
    smellfear.com snakemail.com sneakmail.de sofimail.com sofort-mail.de soodonims.com spoofmail.de stuffmail.de
    supergreatmail.com superstachel.de tagyourself.com teewars.org tempthe.net thankyou2010.com thismail.net tilien.com
    tittbit.in tizi.com topranklist.de toiea.com tyldd.com uggsrock.com upliftnow.com uplipht.com venompen.com
    viditag.com viewcastmedia.com vubby.com wasteland.rfc822.org webemail.me whatiaas.com whatpaas.com whyspam.me
    willselfdestruct.com winemaven.info wronghead.com wuzup.net wuzupmail.net xagloo.com xemaps.com xents.com xmaily.com
    xoxy.net yep.it yogamaven.com yuurok.com zehnminuten.de zehnminutenmail.de zoemail.net zoemail.org 1secmail.com
    1secmail.net 1secmail.org esiix.com wwjmp.com xojxe.com yoggm.com kzccv.com oosln.com vddaz.com rteet.com dpptd.com
    luxusmail.org generator.email fexpost.com fexbox.org mailbox.in.ua rover.info chitthi.in any.pink merepost.com
    linshiyouxiang.net snapmail.cc byom.de inboxes.com blondmail.com chapsmail.com spicysoda.com
    vusra.com cs.email guerillamail.com guerillamail.net guerillamail.org guerillamail.de
    guerillamail.biz guerillamail.info""".split()
)

# RFC 2606 sections 2 and 3, RFC 6761 section 6, RFC 6762 (local), RFC 7686 (onion): names that no mail can reach.
RESERVED_TLDS: Final = frozenset("arpa example invalid local localhost onion test".split())
RESERVED_DOMAINS: Final = frozenset("example.com example.net example.org example.edu".split())

# Registered, but typed where a form insisted on an address.
PLACEHOLDER_DOMAINS: Final = frozenset(
    """test.com test.net test.org testing.com fake.com fakemail.com fakeemail.com noemail.com nomail.com noemail.org
    nomail.org none.com null.com nowhere.com nobody.com na.com asdf.com asdfasdf.com qwerty.com abc.xyz foo.com bar.com
    foobar.com domain.com domain.tld yourdomain.com mydomain.com yourcompany.com yourmail.com youremail.com myemail.com
    placeholder.com dummy.com sample.com anonymous.com unknown.com invalid.com blank.com donotreply.com noreply.com
    no-reply.com email.tst""".split()
)

# A space stands for an optional dot, hyphen or underscore; digits may follow.
PLACEHOLDER_LOCALS: Final = tuple(
    """test|tests|testing|tester|test user|test account|test email|test mail|test test|user test|email test|my test|qa test
example|sample|dummy|fake|fake email|fake mail|placeholder|none|null|undefined|unknown|invalid|void|empty|na|n a|nope
no email|no mail|not available|not provided|not known|nobody|no one|anonymous|anon|xxx|xxxx|xyz|zzz|abc|abcd|abcde|aaa|aaaa
asdf|asdfg|asdfgh|asdfasdf|asd|asdasd|qwe|qwer|qwerty|qwertyuiop|zxcv|zxcvbn|foo bar|lorem|lorem ipsum|your name|your email
your mail|first last|first name|firstname lastname|user name|some one|no reply|do not reply|not reply|dont reply|no replies
no responder|nao responda|ne pas repondre|do not respond|no response|deleted|removed|redacted|delete me|to be deleted|spam
temp|tmp|throwaway""".replace("\n", "|").split("|")
)

PLACEHOLDER_MAILS: Final = frozenset(
    """email@email.com mail@mail.com user@user.com me@me.com a@a.com a@b.com b@b.com x@x.com x@y.com aa@aa.com 1@1.com
    123@123.com name@name.com name@company.com name@domain.com you@company.com you@email.com user@email.com user@mail.com
    user@company.com yourname@email.com yourname@gmail.com youremail@gmail.com email@gmail.com email@company.com
    someone@email.com someone@gmail.com hello@hello.com hi@hi.com info@info.com admin@admin.com john.doe@email.com
    johndoe@email.com johndoe@gmail.com janedoe@gmail.com johndoe@mail.com abc@gmail.com abc@yahoo.com 123@gmail.com
    a@gmail.com""".split()
)

# Mailboxes of a function, not of a person: RFC 2142 sections 3 to 6, and what companies use besides.
ROLES: Final = tuple(
    """info|marketing|sales|support|abuse|noc|security|postmaster|hostmaster|usenet|news|webmaster|www|uucp|ftp|trouble
admin|administrator|administration|root|sys admin|it support|it admin|it|help desk|service desk|help|contact|contacts
contact us|contacto|contato|contatti|kontakt|enquiries|enquiry|inquiries|inquiry|questions|hello|hallo|hola|bonjour|office
buero|head office|reception|front desk|front office|back office|mail|email|e mail|mailbox|inbox|post|correo|team|all|everyone
staff|company|general|secretary|secretariat|sekretariat|secretaria|segreteria|customer service|customer services
customer support|customer care|customers|customer success|client services|client support|clients|kundenservice|kundendienst
service|services|care|success|tech support|technical support|technical|tech|support team|soporte|suporte|assistenza|sav
sales team|sales support|vertrieb|verkauf|ventas|vendas|vendite|commercial|comercial|commerciale|business|biz dev
business development|new business|partners|partner|partnerships|alliances|channel|resellers|reseller|demo|accounts|account
accounting|accounts payable|accounts receivable|ap|ar|billing|invoice|invoices|invoicing|payments|payment|payables
receivables|finance|treasury|payroll|tax|procurement|purchasing|purchase|buchhaltung|rechnung|rechnungen|rechnungswesen
facturation|facturacion|faturamento|fatture|amministrazione|contabilidad|contabilita|comptabilite|compta|einkauf|compras
acquisti|achats|orders|order|bestellung|bestellungen|pedidos|ordini|returns|refunds|shipping|logistics|warehouse|dispatch
delivery|store|shop|hr|human resources|people|people ops|personalabteilung|recruiting|recruitment|recruiter|recruiters|talent
talent acquisition|hiring|jobs|job|career|careers|bewerbung|bewerbungen|karriere|empleo|rrhh|rh|cv|resume|resumes|internships
legal|compliance|privacy|data protection|datenschutz|dpo|gdpr|copyright|dmca|licensing|press|media|media relations|presse
prensa|stampa|pr|public relations|communications|comms|editor|editorial|redaktion|newsletter|newsletters|news desk|subscribe
unsubscribe|subscriptions|subscription|membership|members|list|lists|announce|announcements|notifications|notification|notify
alerts|alert|updates|mailer|mailer daemon|daemon|bounce|bounces|auto reply|auto responder|robot|bot|system|server|monitoring
nagios|cron|backup|backups|logs|dev|devs|developer|developers|dev ops|dev team|development|engineering|operations|ops|on call
sre|platform|infrastructure|network|dns|domain|domains|host|hosting|web|website|ssl|vpn|api|apps|app|data|analytics|reporting
reports|research|innovation|product|products|design|creative|studio|brand|content|blog|social|social media|facebook|twitter
linkedin|instagram|you tube|community|events|event|conference|webinar|webinars|training|education|academy|learning|feedback
survey|surveys|suggestions|complaints|quality|qa|investors|investor relations|ir|board|directors|management|manager
geschaeftsfuehrung|direction|direktion|leadership|executive|assistant|facilities|maintenance|booking|bookings|reservations
reservation|reservas|tickets|ticket|registration|onboarding|trial|users|user|guest|guests|visitors|export|import|trade
projects|project|planning|production|lab|labs|library|admissions|alumni|faculty|donate|donations|volunteer|volunteers
fundraising|foundation|emergency|safety|fraud|phishing|vendor|vendors|supplier|suppliers|whois|registrar|webmail|zentrale
empfang|accueil|recepcion""".replace("\n", "|").split("|")
)
