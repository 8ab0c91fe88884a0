"""What is known of web hosts: pages of a company that are not its own domain, and domains that many companies share.

Written for this library from general knowledge, beside the public suffix list that `tldextract` bundles.
"""

from __future__ import annotations

from typing import Final

__all__ = ["EXTRA_SUFFIXES", "PLACEHOLDER_SITES", "PROFILE_HOSTS", "REGISTRY_LIKE"]

# A path at or below these hosts is somebody's profile, listing, short link or shared document, not a site of their own.
# Not here: companies whose own pages have paths as often as not (google.com, apple.com), only their hosts for others.
PROFILE_HOSTS: Final = frozenset(
    """linkedin.com lnkd.in facebook.com fb.com fb.me m.me messenger.com instagram.com twitter.com x.com t.co threads.net
    threads.com tiktok.com youtube.com youtu.be vimeo.com dailymotion.com twitch.tv pinterest.com pin.it reddit.com
    snapchat.com t.me telegram.me wa.me whatsapp.com discord.gg discord.com bsky.app mastodon.social vk.com ok.ru
    weibo.com xing.com viadeo.com angel.co angellist.com wellfound.com crunchbase.com pitchbook.com owler.com zoominfo.com
    apollo.io rocketreach.co dnb.com glassdoor.com indeed.com kununu.com trustpilot.com g2.com capterra.com getapp.com
    clutch.co producthunt.com betalist.com f6s.com dealroom.co tracxn.com cbinsights.com github.com gitlab.com
    bitbucket.org sourceforge.net npmjs.com stackoverflow.com medium.com quora.com slideshare.net scribd.com issuu.com
    behance.net dribbble.com soundcloud.com open.spotify.com flickr.com about.me linktr.ee bio.link beacons.ai
    calendly.com eventbrite.com meetup.com yelp.com tripadvisor.com opencorporates.com northdata.com upwork.com fiverr.com
    sites.google.com docs.google.com drive.google.com maps.google.com plus.google.com play.google.com goo.gl g.page g.co
    apps.apple.com itunes.apple.com bit.ly tinyurl.com ow.ly buff.ly rebrand.ly etsy.com wikipedia.org wikidata.org
    web.archive.org notion.so patreon.com gofundme.com kickstarter.com indiegogo.com""".split()
)

# Names under which a service gives each customer a subdomain, besides the private part of the public suffix list.
EXTRA_SUFFIXES: Final = (
    "onmicrosoft.com",
    "zendesk.com",
    "freshdesk.com",
    "freshservice.com",
    "helpscoutdocs.com",
    "intercom.help",
    "atlassian.net",
    "slack.com",
    "sharepoint.com",
    "my.salesforce.com",
    "lightning.force.com",
    "my.site.com",
    "okta.com",
    "auth0.com",
    "monday.com",
    "basecamphq.com",
    "hubspotpagebuilder.com",
    "hs-sites.com",
    "mailchimpsites.com",
    "squarespace.com",
    "wix.com",
    "wixsite.com",
    "weebly.com",
    "webnode.com",
    "jimdo.com",
    "jimdofree.com",
    "strikingly.com",
    "bigcartel.com",
    "shopify.com",
    "myshopify.com",
    "mybigcommerce.com",
    "volusion.com",
    "unbounce.com",
    "teachable.com",
    "thinkific.com",
    "kajabi.com",
    "substack.com",
    "ghost.io",
    "medium.com",
    "tumblr.com",
    "wordpress.com",
    "typepad.com",
    "livejournal.com",
    "blogspot.com",
    "business.site",
    "negocio.site",
    "webs.com",
    "yolasite.com",
    "godaddysites.com",
    "eklablog.com",
    "over-blog.com",
    "canalblog.com",
    "e-monsite.com",
    "pagesperso-orange.fr",
    "bandcamp.com",
    "azurewebsites.net",
    "cloudapp.net",
    "amazonaws.com",
)

# In the private part of the public suffix list, but registries in all but name: their names are owned, not lent.
REGISTRY_LIKE: Final = frozenset(
    """ae.org br.com cn.com co.com com.de com.se de.com eu.com eu.org gb.net hu.net in.net jp.net jpn.com mex.com ru.com
    sa.com se.net uk.com uk.net us.com us.org za.com za.bz africa.com gr.com com.ru msk.ru spb.ru nov.ru msk.su spb.su
    co.nl co.no co.ca co.cz radio.am radio.fm ltd.ua it.com hk.com hk.org jpn.org ru.net za.net za.org inc.hk ltd.hk priv.at biz.at info.at co.pl
    co.business co.education co.events co.financial co.network co.place co.technology""".split()
)

# Typed into a website field that could not stay empty; real mailboxes may exist below them.
PLACEHOLDER_SITES: Final = frozenset(
    """company.com mycompany.com website.com mywebsite.com yourwebsite.com mysite.com yoursite.com yourdomain.com
    nowebsite.com nosite.com url.com www.com homepage.com acme.example""".split()
)
