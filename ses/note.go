package ses

import "sidian/gm"

// Codes of the leniencies that reading reports. They are stable: reports and
// tests name them.
const (
	NoteVersion      = "ses_version"             // the number stated is not that of the shape
	NoteMixed        = "ses_version_mixed"       // seal and signature have different versions
	NoteTrailing     = "ses_trailing_data"       // octets behind the structure
	NoteInteger      = "ses_integer_encoding"    // INTEGER not minimal
	NoteLength       = "ses_length_encoding"     // length not in the shortest form
	NoteUnusedBits   = "ses_unused_bits"         // BIT STRING with a first octet other than 0
	NoteOctetString  = "ses_octet_string"        // OCTET STRING where BIT STRING belongs
	NoteString       = "ses_string_type"         // another string type, or octets outside it
	NoteTime         = "ses_time_format"         // fraction, missing Z, other time type
	NoteTimeUnread   = "ses_time_unreadable"     // timeInfo that no known form fits
	NoteSealWrapped  = "ses_seal_wrapped"        // seal inside an OCTET STRING
	NoteExtTag       = "ses_ext_tag"             // extDatas tagged otherwise than usual at its place
	NoteTimestampTag = "ses_timestamp_tag"       // timeStamp without [0]
	NoteCertWrap     = "ses_cert_wrap"           // certificate without its OCTET STRING
	NoteCertList     = "ses_cert_list"           // certListType and certList disagree
	NoteHeader       = "ses_header"              // header identifier other than "ES"
	NotePicture      = "ses_picture"             // picture type or size out of the ordinary
	NoteSealBytes    = "ses_seal_signed_bytes"   // the seal's signature covers other octets than its version says
	NoteDigestName   = "ses_signer_digest"       // signer digest other than SM3, or misnamed
	NoteProperty     = "ses_property_info"       // propertyInfo empty or not IA5
	NoteAlgorithm    = "ses_algorithm_parameter" // AlgorithmIdentifier where an OID belongs
)

func note(code, message string) gm.Note { return gm.Note{Code: code, Message: message} }
