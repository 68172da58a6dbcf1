// Package catalogue owns the directory of certificate kinds (证照目录).
//
// A kind (证照类型) is data, not code: the folder kinds/<name>/ holds its code,
// its holders and fields with their checks, how it is numbered, how long it is
// valid, who seals it where, whether it may be shared ([Kind], kind.yaml); its
// face (template.yaml, drawn by package face); an example and the golden text
// of the example's face. [Load] reads and checks such a folder, [Service]
// keeps the versions of kinds in the database.
//
// The way of a certificate through this package:
//
//	kind, err := catalogue.KindTx(tx, "business_license")       // by code or name
//	content, err := kind.Validate(request)                      // fault.Invalid, a field each
//	n, err := db.Sequence(ctx, kind.SequenceName(issuance), 1)
//	draft, err := kind.Draft(content, issuance)                 // number, identifier, metadata, what stands on the face
//	doc, err := face.Fill(draft.Face)                           // an unsealed OFD
//
// Versions: a kind is imported as a version that is published at once or kept
// as a draft; the newest published version is what certificates are made of.
// A certificate names the version it was made of.
//
// Table: catalogue_kind. Permissions: kind.read, kind.manage.
package catalogue
