"""What is known of mail domains and mailbox names: plain words, one table a class.

Written for this library from general knowledge. The tables name the well-known, not all: a company's own evidence (a
CRM account with that website) outranks them. A domain is in at most one of `FREE`, `ISP`, `DISPOSABLE` and `RELAY`.
"""

from __future__ import annotations

from typing import Final

from idgraph.normalise.words import phrases, words

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
    "yahoo": """
    com co.uk fr de it es ca in co.in com.au com.br com.mx com.ar co.jp com.tw com.hk com.sg com.ph co.id com.vn co.th
    co.kr ie nl se no dk pl gr ro hu cz pt com.tr co.za co.nz com.my com.cn cn com.co com.pe com.ve cl be at ch fi
    co.il com.ua bg
    """,
    "hotmail": """
    com co.uk fr de it es ca be nl se no dk fi ch at gr com.br com.ar com.mx com.tr com.au co.jp co.th co.kr com.tw
    com.hk sg my ph cl co.za co.nz co.il co.id co.in cz hu lv lt sk rs jp com.vn
    """,
    "outlook": """
    com fr de it es be dk at ie pt cz hu sk lv cl co.id co.il co.nz co.th com.ar com.au com.br com.gr com.hr com.pe
    com.tr com.vn bg in jp kr my ph sa sg
    """,
    "live": """
    com co.uk fr de it nl be ca cl cn com.ar com.au com.mx com.my com.pt com.sg com.ph dk fi hk ie in jp no ru se at
    co.kr co.za co.in
    """,
    "gmx": "com net de at ch us co.uk fr es info biz org eu pt li cc tm sg hk cn co.in ie it ca ru tw",
    "yandex": "ru com ua by kz com.tr com.ge com.am uz fr",
    "googlemail": "com de co.uk",
    "zoho": "com in eu com.au",
    "zohomail": "com in eu",
}

_FREE_BY_REGION: Final = (
    # worldwide
    """
    gmail.com msn.com passport.com windowslive.com ymail.com rocketmail.com myyahoo.com icloud.com me.com mac.com
    aol.com aim.com aol.co.uk aol.fr aol.de aol.in aol.it aol.es love.com games.com wow.com proton.me protonmail.com
    protonmail.ch pm.me hey.com fastmail.com fastmail.fm fastmail.co.uk fastmail.net fastmail.us fastmail.to
    fastmail.in sent.com eml.cc hushmail.com hushmail.me hush.com hush.ai tuta.io tuta.com tutanota.com tutanota.de
    tutamail.com keemail.me mailfence.com posteo.de posteo.net mailbox.org startmail.com runbox.com ctemplar.com
    countermail.com kolabnow.com disroot.org riseup.net skiff.com onmail.com vivaldi.net mailo.com lavabit.com
    autistici.org cock.li airmail.cc vfemail.net dismail.de safe-mail.net pobox.com inbox.com operamail.com gawab.com
    lycos.com excite.com usa.net netscape.net netscape.com compuserve.com cs.com juno.com netzero.com netzero.net
    bigfoot.com mailcity.com altavista.com care2.com netaddress.com hotpop.com imap.cc imapmail.org letterboxes.org
    mail.com email.com usa.com europe.com asia.com consultant.com engineer.com post.com dr.com myself.com techie.com
    writeme.com iname.com cheerful.com accountant.com workmail.com lawyer.com doctor.com execs.com mail-me.com
    contractor.net activist.com adexec.com allergist.com alumni.com alumnidirector.com archaeologist.com artlover.com
    bartender.net brew-master.com chef.net chemist.com clerk.com collector.org columnist.com comic.com computer4u.com
    coolsite.net counsellor.com cyberservices.com deliveryman.com diplomats.com financier.com fireman.net gardener.com
    geologist.com graduate.org graphic-designer.com hairdresser.net humanoid.net insurer.com instructor.net
    journalist.com legislator.com lobbyist.com minister.com musician.org null.net optician.com orthodontist.net
    pediatrician.com photographer.net physicist.net planetmail.com politician.com presidency.com priest.com
    programmer.net publicist.com radiologist.net realtyagent.com registerednurses.com repairman.com representative.com
    rescueteam.com salesperson.net scientist.com secretary.net socialworker.net sociologist.com solution4u.com
    songwriter.net surgical.net teachers.org technologist.com theplate.com therapist.net toothfairy.com tvstar.com
    umpire.com webname.com worker.com africamail.com arcticmail.com asia-mail.com australiamail.com brazilmail.com
    chinamail.com dutchmail.com englandmail.com europemail.com germanymail.com irelandmail.com israelmail.com
    italymail.com koreamail.com mexicomail.com moscowmail.com nycmail.com pacific-ocean.com pacificwest.com
    safrica.com samerica.com scotlandmail.com spainmail.com swedenmail.com swissmail.com torontomail.com angelic.com
    mindless.com inorbit.com cyberdude.com cybergal.com innocent.com hot-shot.com hilarious.com loveable.com
    disciples.com reborn.com elvisfan.com f-m.fm fastmail.ca fastmail.cn fastmail.com.au fastmail.es fastmail.im
    fastmail.jp fastmail.mx fastmail.nl fastmail.se fastmail.tw fastimap.com fmail.co.uk ftml.net icq.com go.com
    angelfire.com eudoramail.com earthling.net geocities.com hotbot.com catholic.org graffiti.net attglobal.net
    canada.com india.com china.com epost.de freemail.de freesurf.fr i-france.com chez.com ifrance.com
    iespana.es eresmas.com ilse.nl freeler.nl wanadoo.nl freeuk.com freeuk.net force9.co.uk fuse.net hawaiiantel.net
    citlink.net iprimus.com.au ananzi.co.za kimo.com mail2world.com myway.com
    """,
    # German-speaking
    """
    web.de freenet.de t-online.de arcor.de email.de mail.de vodafonemail.de kabelmail.de unitybox.de online.de
    onlinehome.de emailn.de lycos.de netcologne.de alice-dsl.de alice-dsl.net alice.de versanet.de ewetel.net ewe.net
    hanse.net hansenet.de tiscali.de gmx-topmail.de directbox.com o2online.de o2mail.de genion.de e-mail.de bluewin.ch
    sunrise.ch hispeed.ch swissonline.ch bluemail.ch vtxmail.ch gmx.net chello.at aon.at inode.at utanet.at kabsi.at
    drei.at liwest.at a1.net
    """,
    # Russia, Ukraine and their neighbours
    """
    mail.ru mail.ua inbox.ru list.ru bk.ru internet.ru rambler.ru lenta.ru autorambler.ru myrambler.ru ro.ru r0.ru
    pochta.ru hotbox.ru newmail.ru nm.ru qip.ru fromru.com front.ru land.ru smtp.ru xaker.ru km.ru aport.ru narod.ru
    ya.ru mail15.com mail333.com pisem.net ukr.net i.ua meta.ua bigmir.net online.ua email.ua e-mail.ua ua.fm 3g.ua
    tut.by mail.by mail.kz inbox.lv inbox.lt one.lv mail.ee hot.ee online.ee
    """,
    # East and South Asia
    """
    qq.com vip.qq.com foxmail.com 163.com 126.com yeah.net vip.163.com vip.126.com 188.com sina.com sina.cn
    sina.com.cn vip.sina.com sohu.com vip.sohu.com tom.com 21cn.com 139.com 189.cn wo.cn aliyun.com 263.net eyou.com
    hainan.net naver.com hanmail.net daum.net nate.com kakao.com korea.com dreamwiz.com empal.com paran.com hanmir.com
    chol.com docomo.ne.jp ezweb.ne.jp softbank.ne.jp i.softbank.jp excite.co.jp goo.jp infoseek.jp nifty.com
    biglobe.ne.jp ymobile.ne.jp ybb.ne.jp so-net.ne.jp ocn.ne.jp plala.or.jp dion.ne.jp netvigator.com pchome.com.tw
    hinet.net seed.net.tw singnet.com.sg pacific.net.sg tm.net.my streamyx.com vnn.vn rediffmail.com rediff.com
    sify.com indiatimes.com in.com vsnl.com vsnl.net bsnl.in dataone.in zapak.com sancharnet.in
    """,
    # Italy, France, Iberia
    """
    libero.it virgilio.it tiscali.it alice.it tin.it inwind.it iol.it blu.it email.it supereva.it fastwebnet.it
    teletu.it katamail.com jumpy.it interfree.it aliceposta.it giallo.it wanadoo.fr laposte.net free.fr sfr.fr neuf.fr
    club-internet.fr numericable.fr bbox.fr aliceadsl.fr cegetel.net 9online.fr voila.fr noos.fr caramail.com
    caramail.fr dbmail.com infonie.fr terra.es telefonica.net ono.com ya.com wanadoo.es orange.es euskaltel.net
    mixmail.com hispavista.com sapo.pt netcabo.pt clix.pt iol.pt oninet.pt mail.pt portugalmail.pt aeiou.pt
    portugalmail.com netcabo.com
    """,
    # Latin America
    """
    uol.com.br bol.com.br terra.com.br ig.com.br globomail.com zipmail.com.br pop.com.br superig.com.br brturbo.com.br
    itelefonica.com.br terra.com terra.com.mx terra.com.ar terra.cl prodigy.net.mx infinitum.com.mx fibertel.com.ar
    arnet.com.ar ciudad.com.ar speedy.com.ar uolsinectis.com.ar sinectis.com.ar cantv.net latinmail.com starmedia.com
    vtr.net une.net.co
    """,
    # Britain and Ireland
    """
    btinternet.com btopenworld.com talk21.com btconnect.com blueyonder.co.uk ntlworld.com virginmedia.com virgin.net
    talktalk.net tiscali.co.uk tesco.net freeserve.co.uk fsmail.net lineone.net supanet.com onetel.com onetel.net
    orange.net o2.co.uk uwclub.net madasafish.com ukgateway.net postmaster.co.uk another.com dsl.pipex.com pipex.com
    manx.net breathe.com lycos.co.uk eircom.net indigo.ie iol.ie upcmail.ie
    """,
    # Low Countries
    """
    home.nl ziggo.nl kpnmail.nl kpnplanet.nl planet.nl hetnet.nl xs4all.nl upcmail.nl casema.nl chello.nl zonnet.nl
    quicknet.nl wxs.nl online.nl tele2.nl solcon.nl caiway.nl telfort.nl skynet.be telenet.be scarlet.be pandora.be
    belgacom.net voo.be pt.lu internet.lu
    """,
    # Nordic countries
    """
    spray.se bredband.net comhem.se tele2.se home.se bahnhof.se swipnet.se glocalnet.net passagen.se online.no
    broadpark.no start.no frisurf.no getmail.no lyse.net c2i.net jubii.dk ofir.dk sol.dk stofanet.dk post.tele.dk
    get2net.dk mail.tele.dk mail.dk tdcadsl.dk suomi24.fi luukku.com kolumbus.fi saunalahti.fi elisanet.fi pp.inet.fi
    welho.com netti.fi simnet.is
    """,
    # Central and Eastern Europe
    """
    wp.pl onet.pl o2.pl interia.pl op.pl tlen.pl poczta.onet.pl poczta.fm vp.pl gazeta.pl autograf.pl interia.eu
    onet.eu poczta.onet.eu go2.pl buziaczek.pl spoko.pl konto.pl amorki.pl neostrada.pl seznam.cz email.cz post.cz
    centrum.cz atlas.cz volny.cz quick.cz tiscali.cz azet.sk zoznam.sk post.sk centrum.sk atlas.sk pobox.sk
    stonline.sk freemail.hu citromail.hu indamail.hu vipmail.hu mailbox.hu t-online.hu chello.hu upcmail.hu abv.bg
    dir.bg gbg.bg mail.bg net.hr inet.hr siol.net email.si volja.net eunet.rs sbb.rs ptt.rs home.ro clicknet.ro
    rdslink.ro k.ro otenet.gr forthnet.gr hol.gr in.gr pathfinder.gr freemail.gr windowslive.gr
    """,
    # Middle East and Africa
    """
    mynet.com superonline.com ttmail.com walla.co.il walla.com 012.net.il 013.net netvision.net.il bezeqint.net
    zahav.net.il maktoob.com emirates.net.ae eim.ae mweb.co.za webmail.co.za vodamail.co.za telkomsa.net iafrica.com
    absamail.co.za polka.co.za worldonline.co.za
    """,
    # Oceania
    """
    bigpond.com bigpond.net.au bigpond.com.au optusnet.com.au iinet.net.au westnet.com.au tpg.com.au dodo.com.au
    adam.com.au ozemail.com.au netspace.net.au aapt.net.au xtra.co.nz clear.net.nz slingshot.co.nz paradise.net.nz
    ihug.co.nz orcon.net.nz inspire.net.nz vodafone.co.nz
    """,
    # North America
    """
    comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net optonline.net optimum.net
    roadrunner.com rr.com twc.com centurylink.net centurytel.net embarqmail.com frontiernet.net windstream.net
    mindspring.com peoplepc.com prodigy.net prodigy.com pacbell.net swbell.net ameritech.net snet.net flash.net
    nvbell.net worldnet.att.net adelphia.net mchsi.com suddenlink.net cableone.net wowway.com insightbb.com
    knology.net q.com qwest.net tds.net hughes.net atlanticbb.net bresnan.net epix.net zoominternet.net rcn.com
    ptd.net gci.net sympatico.ca shaw.ca videotron.ca videotron.qc.ca telus.net cogeco.ca eastlink.ca mts.net
    sasktel.net bellaliant.net bell.net teksavvy.com
    """,
)

# Anyone may have a mailbox here, and the provider's own staff are too few to matter.
FREE: Final = words(" ".join(_FREE_BY_REGION)) | {
    f"{brand}.{suffix}" for brand, suffixes in _FAMILIES.items() for suffix in suffixes.split()
}

# A provider whose customers and whose own staff use the same domain: free mail or a company, evidence must say.
ISP: Final = words(
    """
    a1.at airtel.com airtel.in att.com bell.ca berlin.de bouyguestelecom.fr bsnl.co.in bt.com centurylink.com
    charter.com claro.com.br comcast.com cox.com dna.fi earthlink.net ee.co.uk elisa.fi etisalat.ae fastweb.it
    frontier.com globo.com internode.on.net jio.com kpn.nl magenta.at maxis.com.my meo.pt movistar.es mtn.com o2.com
    o2.cz oi.com.br optus.com.au orange.com orange.fr pldt.com.ph plus.net plusnet.com poste.it proximus.be r7.com
    rogers.com sasktel.com shaw.com singtel.com sky.com spark.co.nz spectrum.com sprint.com starhub.com starhub.net.sg
    stc.com.sa swisscom.ch swisscom.com t-mobile.com talktalk.co.uk tdc.dk tele2.com telecomitalia.it telefonica.com
    telefonica.es telekom.de telenor.no telia.com telia.fi telia.se telkom.co.za telmex.com telstra.com telstra.com.au
    telus.com tim.it turktelekom.com.tr upc.cz verizon.com virginmedia.co.uk vivo.com.br vodacom.co.za vodafone.com
    vodafone.de vodafone.es vodafone.ie vodafone.it waitrose.com wind.it windstream.com zen.co.uk
    """
)

# Addresses made by a service for one sender or one sign-up: one person, but only in the source that got it.
RELAY: Final = words(
    """
    33mail.com 8alias.com 8shield.net addy.io aleeas.com anonaddy.com anonaddy.me blur.com cloaked.id dralias.com
    duck.com erine.email guest.airbnb.com guest.booking.com mailer.me marketplace.amazon.co.uk marketplace.amazon.com
    marketplace.amazon.de members.ebay.com mozmail.com opayq.com passfwd.com passinbox.com passmail.com passmail.net
    privatemail.ai privaterelay.appleid.com proxymail.facebook.com relay.firefox.com reply.craigslist.org
    silomails.com simplelogin.co simplelogin.com simplelogin.fr slmail.me sneakemail.com tfbnw.net use.startmail.com
    users.noreply.codeberg.org users.noreply.github.com users.noreply.gitlab.com
    """
)

# Mailboxes to be thrown away, many of them open to anybody who guesses the name.
DISPOSABLE: Final = words(
    """
    10mail.org 10mail.xyz 10minemail.com 10minmail.de 10minutemail.co.uk 10minutemail.com 10minutemail.de
    10minutemail.net 10minutemail.us 1secmail.com 1secmail.net 1secmail.org 20minutemail.com 20minutemail.it
    30minutemail.com 60minutemail.com abyssmail.com anonbox.net anonymbox.com antichef.com antichef.net antireg.ru
    antispam24.de any.pink armyspy.com bareed.ws beefmilk.com binkmail.com blondmail.com bobmail.info boximail.com
    bugmenot.com bumpymail.com burnermail.io burnthespam.info byom.de casualdx.com centermail.com chammy.info
    chapsmail.com chitthi.in clrmail.com cool.fr.nf courriel.fr.nf crapmail.org cs.email curryworld.de cuvox.de
    dayrep.com deadaddress.com deadspam.com despam.it despammed.com devnullmail.com disbox.net disbox.org discard.cf
    discard.email discard.ga discard.gq discard.ml discard.tk discardmail.com discardmail.de
    disposableemailaddresses.com disposableinbox.com disposeamail.com dispostable.com dodgeit.com dodgit.com
    dodgit.org dontreg.com dontsendmespam.de dpptd.com drdrb.com drdrb.net dropjar.com dropmail.me dump-email.info
    dumpmail.de dumpyemail.com e4ward.com easytrashmail.com einmalmail.de einrot.com email60.com emailfake.com
    emailias.com emailigo.de emailinfive.com emailmiser.com emailondeck.com emailsensei.com emailtemporanea.com
    emailtemporanea.net emailtemporario.com.br emailwarden.com emailx.at.hm emlhub.com emlpro.com emltmp.com
    ephemail.net esiix.com explodemail.com fakeinbox.com fakeinformation.com fakemail.fr fakemail.net
    fakemailgenerator.com fastacura.com fexbox.org fexpost.com filzmail.com fizmail.com fleckens.hu flyspam.com
    frapmail.com freundin.ru garliclife.com generator.email get1mail.com get2mail.fr getairmail.com getnada.com
    getonemail.com getonemail.net ghosttexter.de girlsundertheinfluence.com gishpuppy.com givmail.com great-host.in
    greensloth.com grr.la guerillamail.biz guerillamail.com guerillamail.de guerillamail.info guerillamail.net
    guerillamail.org guerrillamail.biz guerrillamail.com guerrillamail.de guerrillamail.info guerrillamail.net
    guerrillamail.org guerrillamailblock.com gustr.com haltospam.com harakirimail.com hidemail.de hidzz.com
    hmamail.com hochsitze.com hotpop3.com hulapla.de ieatspam.eu ieatspam.info ihateyoualot.info imails.info
    inboxalias.com inboxbear.com inboxclean.com inboxclean.org inboxes.com inboxkitten.com inboxproxy.com
    incognitomail.com incognitomail.net incognitomail.org instant-mail.de ipoo.org irish2me.com jetable.com
    jetable.fr.nf jetable.net jetable.org jnxjn.com jourrapide.com junk1e.com kasmail.com kaspop.com killmail.com
    killmail.net klassmaster.com klzlk.com koszmail.pl kurzepost.de kzccv.com letthemeatspam.com lifebyfood.com
    link2mail.net linshiyouxiang.net litedrop.com lookugly.com lopl.co.cc lortemail.dk lroid.com luxusmail.org
    mail-temp.com mail-temporaire.fr mail.tm mailbidon.com mailbiz.biz mailblocks.com mailbox.in.ua mailbucket.org
    mailcatch.com maildrop.cc maileater.com mailexpire.com mailforspam.com mailfreeonline.com mailguard.me
    mailimate.com mailin8r.com mailinater.com mailinator.com mailinator.net mailinator2.com mailme24.com
    mailmetrash.com mailmoat.com mailnator.com mailnesia.com mailnull.com mailpick.biz mailpoof.com mailrock.biz
    mailsac.com mailscrap.com mailseal.de mailshell.com mailsiphon.com mailslite.com mailtemp.net mailto.plus
    mailtothis.com mailtrash.net mailtv.net mailzilla.com mailzilla.org mbx.cc mciek.com mega.zik.dj meltmail.com
    merepost.com minimail.gq mintemail.com minutemail.com moakt.cc moakt.co moakt.com moakt.ws mohmal.com mohmal.im
    mohmal.in mohmal.tech moncourrier.fr.nf monemail.fr.nf monmail.fr.nf msgsafe.io mt2009.com mypartyclip.de
    myspamless.com mytempemail.com mytempmail.com mytrashmail.com nada.email nada.ltd nepwk.com nervmich.net
    nervtmich.net neverbox.com no-spam.ws nobulk.com noclickemail.com nogmailspam.info nomail.pw nomail.xl.cx
    nomail2me.com nomorespamemails.com nospam.ze.tc nospam4.us nospamfor.us nospammail.net nospamthanks.info
    notmailinator.com nowmymail.com objectmail.com obobbo.com odnorazovoe.ru oneoffemail.com onewaymail.com oopi.org
    oosln.com ordinaryamerican.net otherinbox.com owlpic.com pjjkp.com plexolan.de pokemail.net politikerclub.de
    pookmail.com privacy.net privatdemail.net proxymail.eu prtnx.com punkass.com putthisinyourspamdatabase.com
    quickinbox.com rcpt.at reallymymail.com recode.me recursor.net regbypass.com rhyta.com rmqkr.net robot-mail.com
    rover.info rppkn.com rteet.com rtrtr.com s0ny.net safersignup.de safetymail.info sandelf.de saynotospams.com
    selfdestructingmail.com sendspamhere.com sharklasers.com shieldedmail.com shiftmail.com shitmail.me shitmail.org
    shortmail.net skeefmail.com slaskpost.se slopsbox.com smellfear.com snakemail.com snapmail.cc sneakmail.de
    sofimail.com sofort-mail.de sogetthis.com soodonims.com spam.care spam.la spam.su spam4.me spamavert.com
    spambog.com spambog.de spambog.ru spambox.info spambox.us spamcorptastic.com spamday.com spamex.com spamfree24.com
    spamfree24.de spamfree24.eu spamfree24.info spamfree24.net spamfree24.org spamgourmet.com spamgourmet.net
    spamgourmet.org spamhereplease.com spamhole.com spaml.com spaml.de spammotel.com spamobox.com spamslicer.com
    spamspot.com spamthis.co.uk speed.1s.fr spicysoda.com spoofmail.de streetwisemail.com stuffmail.de
    supergreatmail.com superrito.com superstachel.de suremail.info tafmail.com tagyourself.com teewars.org teleworm.us
    temp-mail.com temp-mail.de temp-mail.io temp-mail.org temp-mail.ru tempail.com tempemail.co.za tempemail.com
    tempemail.net tempinbox.co.uk tempinbox.com tempmail.com tempmail.de tempmail.dev tempmail.net tempmail.plus
    tempmail.us tempmail.ws tempmailaddress.com tempmailer.com tempmailer.de tempmailo.com tempomail.fr temporarily.de
    temporaryemail.net temporaryinbox.com temporarymail.org temporarymailaddress.com tempr.email tempthe.net
    thankyou2010.com thisisnotmyrealemail.com thismail.net throwam.com throwaway.email throwawayemailaddress.com
    throwawaymail.com tilien.com tittbit.in tizi.com tmail.com tmail.ws tmails.net tmpbox.net tmpeml.com tmpmail.net
    tmpmail.org tmpnator.live toiea.com topranklist.de tradermail.info trash-mail.at trash-mail.com trash-mail.de
    trash-me.com trashdevil.com trashinbox.com trashmail.at trashmail.com trashmail.de trashmail.io trashmail.me
    trashmail.net trashmail.org trashmail.ws trashymail.com trashymail.net trbvm.com tyldd.com uggsrock.com
    upliftnow.com uplipht.com vddaz.com venompen.com veryrealemail.com viditag.com viewcastmedia.com vomoto.com
    vubby.com vusra.com wasteland.rfc822.org webemail.me wegwerf-email-addressen.de wegwerf-email.de wegwerfemail.com
    wegwerfemail.de wegwerfmail.de wegwerfmail.net wegwerfmail.org whatiaas.com whatpaas.com whyspam.me
    willselfdestruct.com winemaven.info wronghead.com wuzup.net wuzupmail.net wwjmp.com xagloo.com xemaps.com
    xents.com xmaily.com xojxe.com xoxy.net yep.it yogamaven.com yoggm.com yomail.info yopmail.com yopmail.fr
    yopmail.gq yopmail.net yuurok.com zehnminuten.de zehnminutenmail.de zetmail.com zippymail.info zoemail.net
    zoemail.org
    """
)

# RFC 2606 sections 2 and 3, RFC 6761 section 6, RFC 6762 (local), RFC 7686 (onion): names that no mail can reach.
RESERVED_TLDS: Final = words("arpa example invalid local localhost onion test")
RESERVED_DOMAINS: Final = words("example.com example.net example.org example.edu")

# Registered, but typed where a form insisted on an address.
PLACEHOLDER_DOMAINS: Final = words(
    """
     anonymous.com asdf.com asdfasdf.com bar.com blank.com domain.com domain.tld donotreply.com dummy.com
    email.tst fake.com fakeemail.com fakemail.com foo.com foobar.com invalid.com mydomain.com myemail.com na.com
    no-reply.com nobody.com noemail.com noemail.org nomail.com nomail.org none.com noreply.com nowhere.com null.com
    placeholder.com qwerty.com sample.com test.com test.net test.org testing.com unknown.com yourcompany.com
    yourdomain.com youremail.com yourmail.com
    """
)

# A space stands for an optional dot, hyphen or underscore; digits may follow.
PLACEHOLDER_LOCALS: Final = phrases(
    """
    test | tests | testing | tester | test user | test account | test email | test mail | test test | user test
    email test | my test | qa test | example | sample | dummy | fake | fake email | fake mail | placeholder | none
    null | undefined | unknown | invalid | void | empty | na | n a | nope | no email | no mail | not available
    not provided | not known | nobody | no one | anonymous | anon | xxx | xxxx | xyz | zzz | abc | abcd | abcde
    aaa | aaaa | asdf | asdfg | asdfgh | asdfasdf | asd | asdasd | qwe | qwer | qwerty | qwertyuiop | zxcv | zxcvbn
    foo bar | lorem | lorem ipsum | your name | your email | your mail | first last | first name
    firstname lastname | user name | some one | no reply | do not reply | not reply | dont reply | no replies
    no responder | nao responda | ne pas repondre | do not respond | no response | deleted | removed | redacted
    delete me | to be deleted | spam | temp | tmp | throwaway
    """
)

PLACEHOLDER_MAILS: Final = words(
    """
    123@123.com 123@gmail.com 1@1.com a@a.com a@b.com a@gmail.com aa@aa.com abc@gmail.com abc@yahoo.com
    admin@admin.com b@b.com email@company.com email@email.com email@gmail.com hello@hello.com hi@hi.com info@info.com
    janedoe@gmail.com john.doe@email.com johndoe@email.com johndoe@gmail.com johndoe@mail.com mail@mail.com me@me.com
    name@company.com name@domain.com name@name.com someone@email.com someone@gmail.com user@company.com user@email.com
    user@mail.com user@user.com x@x.com x@y.com you@company.com you@email.com youremail@gmail.com yourname@email.com
    yourname@gmail.com
    """
)

# Mailboxes of a function, not of a person: RFC 2142 sections 3 to 6, and what companies use besides.
# A space stands for an optional dot, hyphen or underscore.
ROLES: Final = phrases(
    """
    info | marketing | sales | support | abuse | noc | security | postmaster | hostmaster | usenet | news
    webmaster | www | uucp | ftp | trouble | admin | administrator | administration | root | sys admin | it support
    it admin | it | help desk | service desk | help | contact | contacts | contact us | contacto | contato
    contatti | kontakt | enquiries | enquiry | inquiries | inquiry | questions | hello | hallo | hola | bonjour
    office | buero | head office | reception | front desk | front office | back office | mail | email | e mail
    mailbox | inbox | post | correo | team | all | everyone | staff | company | general | secretary | secretariat
    sekretariat | secretaria | segreteria | customer service | customer services | customer support | customer care
    customers | customer success | client services | client support | clients | kundenservice | kundendienst
    service | services | care | success | tech support | technical support | technical | tech | support team
    soporte | suporte | assistenza | sav | sales team | sales support | vertrieb | verkauf | ventas | vendas
    vendite | commercial | comercial | commerciale | business | biz dev | business development | new business
    partners | partner | partnerships | alliances | channel | resellers | reseller | demo | accounts | account
    accounting | accounts payable | accounts receivable | ap | ar | billing | invoice | invoices | invoicing
    payments | payment | payables | receivables | finance | treasury | payroll | tax | procurement | purchasing
    purchase | buchhaltung | rechnung | rechnungen | rechnungswesen | facturation | facturacion | faturamento
    fatture | amministrazione | contabilidad | contabilita | comptabilite | compta | einkauf | compras | acquisti
    achats | orders | order | bestellung | bestellungen | pedidos | ordini | returns | refunds | shipping
    logistics | warehouse | dispatch | delivery | store | shop | hr | human resources | people | people ops
    personalabteilung | recruiting | recruitment | recruiter | recruiters | talent | talent acquisition | hiring
    jobs | job | career | careers | bewerbung | bewerbungen | karriere | empleo | rrhh | rh | cv | resume | resumes
    internships | legal | compliance | privacy | data protection | datenschutz | dpo | gdpr | copyright | dmca
    licensing | press | media | media relations | presse | prensa | stampa | pr | public relations | communications
    comms | editor | editorial | redaktion | newsletter | newsletters | news desk | subscribe | unsubscribe
    subscriptions | subscription | membership | members | list | lists | announce | announcements | notifications
    notification | notify | alerts | alert | updates | mailer | mailer daemon | daemon | bounce | bounces
    auto reply | auto responder | robot | bot | system | server | monitoring | nagios | cron | backup | backups
    logs | dev | devs | developer | developers | dev ops | dev team | development | engineering | operations | ops
    on call | sre | platform | infrastructure | network | dns | domain | domains | host | hosting | web | website
    ssl | vpn | api | apps | app | data | analytics | reporting | reports | research | innovation | product
    products | design | creative | studio | brand | content | blog | social | social media | facebook | twitter
    linkedin | instagram | you tube | community | events | event | conference | webinar | webinars | training
    education | academy | learning | feedback | survey | surveys | suggestions | complaints | quality | qa
    investors | investor relations | ir | board | directors | management | manager | geschaeftsfuehrung | direction
    direktion | leadership | executive | assistant | facilities | maintenance | booking | bookings | reservations
    reservation | reservas | tickets | ticket | registration | onboarding | trial | users | user | guest | guests
    visitors | export | import | trade | projects | project | planning | production | lab | labs | library
    admissions | alumni | faculty | donate | donations | volunteer | volunteers | fundraising | foundation
    emergency | safety | fraud | phishing | vendor | vendors | supplier | suppliers | whois | registrar | webmail
    zentrale | empfang | accueil | recepcion
    """
)
