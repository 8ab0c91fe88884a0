from idgraph.normalise.email import email_base, normalise_email
from idgraph.normalise.phone import normalise_phone
from idgraph.normalise.domain import email_domain, normalise_domain
from idgraph.normalise.ids import normalise_id,normalise_device,salesforce_id
