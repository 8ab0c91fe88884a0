"""What is known of web hosts: pages of a company that are not its own domain, and domains that many companies share.

Written for this library from general knowledge, beside the public suffix list that `tldextract` bundles.
"""

from __future__ import annotations

from typing import Final

from idgraph.normalise.words import words

__all__ = ["EXTRA_SUFFIXES", "PLACEHOLDER_SITES", "PROFILE_HOSTS", "REGISTRY_LIKE"]

# A path at or below these hosts is somebody's profile, listing, short link or shared document, not a site of their own.
# Not here: companies whose own pages have paths as often as not (google.com, apple.com), only their hosts for others.
PROFILE_HOSTS: Final = words(
    """
    about.me angel.co angellist.com apollo.io apps.apple.com beacons.ai behance.net betalist.com bio.link bit.ly
    bitbucket.org bsky.app buff.ly calendly.com capterra.com cbinsights.com clutch.co crunchbase.com dailymotion.com
    dealroom.co discord.com discord.gg dnb.com docs.google.com dribbble.com drive.google.com etsy.com eventbrite.com
    f6s.com facebook.com fb.com fb.me fiverr.com flickr.com g.co g.page g2.com getapp.com github.com gitlab.com
    glassdoor.com gofundme.com goo.gl indeed.com indiegogo.com instagram.com issuu.com itunes.apple.com
    kickstarter.com kununu.com linkedin.com linktr.ee lnkd.in m.me maps.google.com mastodon.social medium.com
    meetup.com messenger.com northdata.com notion.so npmjs.com ok.ru open.spotify.com opencorporates.com ow.ly
    owler.com patreon.com pin.it pinterest.com pitchbook.com play.google.com plus.google.com producthunt.com quora.com
    rebrand.ly reddit.com rocketreach.co scribd.com sites.google.com slideshare.net snapchat.com soundcloud.com
    sourceforge.net stackoverflow.com t.co t.me telegram.me threads.com threads.net tiktok.com tinyurl.com tracxn.com
    tripadvisor.com trustpilot.com twitch.tv twitter.com upwork.com viadeo.com vimeo.com vk.com wa.me web.archive.org
    weibo.com wellfound.com whatsapp.com wikidata.org wikipedia.org x.com xing.com yelp.com youtu.be youtube.com
    zoominfo.com
    """
)

# Names under which a service gives each customer a subdomain, besides the private part of the public suffix list. By
# themselves they are the service's own domains.
EXTRA_SUFFIXES: Final = words(
    """
    amazonaws.com atlassian.net auth0.com azurewebsites.net bandcamp.com basecamphq.com bigcartel.com blogspot.com
    business.site canalblog.com cloudapp.net e-monsite.com eklablog.com freshdesk.com freshservice.com ghost.io
    godaddysites.com helpscoutdocs.com hs-sites.com hubspotpagebuilder.com intercom.help jimdo.com jimdofree.com
    kajabi.com lightning.force.com livejournal.com mailchimpsites.com medium.com monday.com my.salesforce.com
    my.site.com mybigcommerce.com myshopify.com negocio.site okta.com onmicrosoft.com over-blog.com
    pagesperso-orange.fr sharepoint.com shopify.com slack.com squarespace.com strikingly.com substack.com
    teachable.com thinkific.com tumblr.com typepad.com unbounce.com volusion.com webnode.com webs.com weebly.com
    wix.com wixsite.com wordpress.com yolasite.com zendesk.com
    """
)

# In the private part of the public suffix list, but registries in all but name: their names are owned, not lent.
REGISTRY_LIKE: Final = words(
    """
    ae.org africa.com biz.at br.com cn.com co.business co.ca co.com co.cz co.education co.events co.financial
    co.network co.nl co.no co.pl co.place co.technology com.de com.ru com.se de.com eu.com eu.org gb.net gr.com hk.com
    hk.org hu.net in.net inc.hk info.at it.com jp.net jpn.com jpn.org ltd.hk ltd.ua mex.com msk.ru msk.su nov.ru
    priv.at radio.am radio.fm ru.com ru.net sa.com se.net spb.ru spb.su uk.com uk.net us.com us.org za.bz za.com
    za.net za.org
    """
)

# Typed into a website field that could not stay empty; real mailboxes may exist below them.
PLACEHOLDER_SITES: Final = words(
    """
    acme.example company.com homepage.com mycompany.com mysite.com mywebsite.com nosite.com nowebsite.com url.com
    website.com www.com yourdomain.com yoursite.com yourwebsite.com
    """
)
