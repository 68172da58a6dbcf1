// Package provider knows who else seals and signs, and asks them (谁签章、谁核验):
// a document that was sealed under somebody else's maker is verified by that
// somebody; the platform routes the question and says who answered.
//
// Words: a provider (签章服务商, 同级或上级平台) answers for certain seal makers and
// issuing authorities, its makers, known by their digital certificates. An entry
// is one version of what is registered of a provider. A source is who answered
// for a signature of a document, or why nobody did. Ours are the signatures whose
// seal maker stands under our own authority.
//
// # States of an entry
//
//	proposed -> active     approved by somebody other than the proposer
//	proposed -> refused    or withdrawn by the proposer
//	active   -> suspended  one person is enough: it is the safe direction
//	active   -> replaced   a later version was approved; so from suspended
//	suspended -> removed   by somebody other than who suspended
//
// A suspended provider comes back as a new proposal. While a change is proposed,
// the version before stays in force. A maker belongs to one provider: the same
// digital certificate is refused to a second, and our own to anybody. Rows carry
// a MAC (package keys): one that was edited in the database counts for nothing
// and raises an alarm.
//
// # The protocol, sidian-verify-1
//
//	POST {endpoint}/verify?signed=1&nonce={nonce}
//	Content-Type: multipart/form-data, one part "file", the document as it is
//
// The answer, 200 within the deadline and at most 1 MiB, is a JSON object whose
// member "answer" is a JWS in compact form (RFC 7515). Other members are not
// looked at. Its header is
//
//	{"alg":"SM2-SM3","typ":"sidian-answer+json","kid":"SM3 of the digital certificate, hex","x5c":["base64 DER"]}
//
// alg is a private name: SM2 with SM3 (GB/T 32918.2), user identifier
// 1234567812345678, the signature as the 64 octets r‖s. kid and x5c are hints;
// only the registered digital certificate counts. The payload is the JSON of
// `ofd verify` on the document, with these members beside:
//
//	provider     the id under which the provider is registered
//	document     SM3 of the document, hex
//	nonce        as it was asked with
//	answered_at  RFC 3339; at most five minutes from now
//	own          ids of the signatures that the provider answers for
//	remarks      texts for people, such as the state of a seal; may be missing
//
// A signature's verdict is valid, invalid, revoked, undetermined or unknown. Who
// is asked with signed=1 asks nobody else: questions do not go round in circles.
// To check an answer with openssl, write r and s as a DER SEQUENCE and run
//
//	openssl dgst -sm3 -verify key.pem -sigopt distid:1234567812345678 -signature sig.der input
//
// where input is the part of the JWS before its second dot.
//
// # What an answer is worth
//
// Our own cryptographic verdict is never overruled upward: where the bytes or the
// seal are not what was signed, the signature stays invalid, and a provider that
// calls it valid is lying: that is audited, raises an alarm and marks the
// provider until a person has approved it anew. Where we say valid and the
// provider says otherwise, its word counts. Only where we could not tell because
// the chain leads to no anchor of ours does the word of an active, unmarked
// provider decide. An answer for signatures that are not the provider's (foreign)
// and one that is not signed, fresh and for this question (refused) count for
// nothing and are reported.
//
// A provider is asked over https only, at a host of the configuration's list of
// outgoing calls, never at a private address that is not listed as such, and no
// redirect is followed; plain http is for hosts listed as private, that is inside
// the extranet. The file's name is not sent. A provider that does not answer
// several times in a row is left alone for half a minute, and a slow one holds no
// more than a few calls at a time.
//
// # The list of trust
//
// GET /open/v1/providers is the public list of the active providers and of this
// platform itself, in the clear and as a JWS of the same header with typ
// sidian-providers+json. Another instance imports it with its signer pinned; what
// it holds comes in as proposed, so that two people decide there as well.
//
// The package owns the tables provider_entry, provider_maker, provider_peer and
// provider_key. Events: provider.distrusted (an alarm).
package provider
