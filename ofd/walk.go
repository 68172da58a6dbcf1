package ofd

import (
	"sidian/ofd/internal/xmlx"
)

// reach follows every location from OFD.xml on. Page content is searched for
// PageRes only, nothing is built.
func (d *Document) reach() (map[string]Role, []Link, error) {
	w := &walker{d: d, roles: make(map[string]Role, len(d.parts))}
	w.roles[d.root.part] = RoleRoot
	for i, b := range d.bodies {
		entry := &d.root.bodies[i]
		if entry.info.Cover != "" {
			w.follow(d.root.part, entry.info.Cover, RoleCover)
		}
		if main := w.follow(d.root.part, entry.docRoot, RoleDocument); main != nil {
			w.document(b, main.Name)
		}
		for _, v := range b.Versions {
			w.version(v)
		}
		if entry.signatures != "" {
			w.signatures(b, entry.signatures)
		}
	}
	w.integrity()
	return w.roles, w.links, w.err
}

type walker struct {
	d     *Document
	roles map[string]Role
	links []Link
	err   error
}

func (w *walker) fail(err error) {
	if w.err == nil && err != nil {
		w.err = err
	}
}

// follow notes a link and gives its part, nil when there is none.
func (w *walker) follow(from, loc string, role Role) *Part {
	p, name, err := w.d.Find(from, loc)
	if err != nil {
		w.links = append(w.links, Link{From: from, Loc: loc, Role: role, Missing: true})
		w.fail(&MalformedError{Part: from, Path: loc, Err: err})
		return nil
	}
	return w.note(from, loc, name, role, p)
}

func (w *walker) note(from, loc, name string, role Role, p *Part) *Part {
	w.links = append(w.links, Link{From: from, Loc: loc, To: name, Role: role, Missing: p == nil})
	if p != nil {
		if _, seen := w.roles[p.Name]; !seen {
			w.roles[p.Name] = role
		}
	}
	return p
}

// known is follow for a location the body has resolved already.
func (w *walker) known(from, name string, role Role) *Part {
	if name == "" {
		return nil
	}
	return w.note(from, "/"+name, name, role, w.d.Part(name))
}

func (w *walker) document(b *Body, main string) {
	for _, list := range [][]string{b.PublicRes, b.DocumentRes} {
		for _, name := range list {
			w.resource(main, name)
		}
	}
	for _, t := range b.Templates {
		w.page(main, &t.Page, RoleTemplate)
	}
	for _, p := range b.pages {
		w.page(main, p, RolePage)
	}
	if w.known(main, b.AnnotationsPart, RoleAnnotation) != nil {
		files, err := b.annotationFiles()
		w.fail(err)
		for _, f := range files {
			w.note(b.AnnotationsPart, f.loc, f.part, RoleAnnotation, w.d.Part(f.part))
		}
	}
	if w.known(main, b.CustomTagsPart, RoleTag) != nil {
		tags, err := b.CustomTags()
		w.fail(err)
		for _, t := range tags {
			w.known(b.CustomTagsPart, t.Schema, RoleTag)
			w.known(b.CustomTagsPart, t.File, RoleTag)
		}
	}
	if w.known(main, b.AttachmentsPart, RoleAttachments) != nil {
		list, err := b.Attachments()
		w.fail(err)
		for _, a := range list {
			w.known(b.AttachmentsPart, a.File, RoleAttachment)
		}
	}
	if p := w.known(main, b.ExtensionsPart, RoleExtension); p != nil {
		w.extensions(p)
	}
}

func (w *walker) page(main string, p *Page, role Role) {
	part := w.known(main, p.Part, role)
	if part == nil {
		return
	}
	locs, err := p.skim(part)
	w.fail(err)
	for _, loc := range locs {
		if _, name, err := w.d.Find(part.Name, loc); err == nil {
			w.resource(part.Name, name)
		} else {
			w.fail(&MalformedError{Part: part.Name, Path: "Page/PageRes", Err: err})
		}
	}
}

// resource follows a Res file to fonts, media and profiles.
func (w *walker) resource(from, name string) {
	p := w.known(from, name, RoleResource)
	if p == nil {
		return
	}
	w.fail(readXML(p, w.d.limits, func(r *xmlx.Reader) {
		dir := resDir(p.Name, string(r.Attr("BaseLoc")))
		for d := r.Depth(); r.Child(d); {
			for d := r.Depth(); r.Child(d); {
				switch string(r.Local()) {
				case "Font":
					w.files(r, p.Name, dir, "FontFile", RoleFont)
				case "MultiMedia":
					w.files(r, p.Name, dir, "MediaFile", RoleMedia)
				case "ColorSpace":
					if loc := trim(r.Attr("Profile")); len(loc) > 0 {
						w.resFile(p.Name, dir, string(loc), RoleProfile)
					}
				}
			}
		}
	}, "Res"))
}

func (w *walker) files(r *xmlx.Reader, base, dir, element string, role Role) {
	for d := r.Depth(); r.Child(d); {
		if string(r.Local()) == element {
			if loc := r.Trimmed(); len(loc) > 0 {
				w.resFile(base, dir, string(loc), role)
			}
		}
	}
}

func (w *walker) resFile(base, dir, loc string, role Role) {
	name, err := w.d.resFile(base, dir, loc)
	if err != nil {
		w.fail(&MalformedError{Part: base, Path: loc, Err: err})
		return
	}
	w.note(base, loc, name, role, w.d.Part(name))
}

// extensions follows ExtendData (GB/T 33190-2016 §17).
func (w *walker) extensions(p *Part) {
	w.fail(readXML(p, w.d.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			for d := r.Depth(); r.Child(d); {
				if string(r.Local()) == "ExtendData" {
					w.follow(p.Name, string(r.Trimmed()), RoleExtension)
				}
			}
		}
	}, "Extensions"))
}

// version follows a DocVersion file (§20): the files that were the document.
func (w *walker) version(v VersionRecord) {
	p := w.known(w.d.root.part, v.Part, RoleVersion)
	if p == nil {
		return
	}
	w.fail(readXML(p, w.d.limits, func(r *xmlx.Reader) {
		for d := r.Depth(); r.Child(d); {
			switch string(r.Local()) {
			case "DocRoot":
				w.follow(p.Name, string(r.Trimmed()), RoleVersion)
			case "FileList":
				for d := r.Depth(); r.Child(d); {
					w.follow(p.Name, string(r.Trimmed()), RoleVersion)
				}
			}
		}
	}, "DocVersion"))
}

func (w *walker) signatures(b *Body, loc string) {
	if w.follow(w.d.root.part, loc, RoleSignatures) == nil {
		return
	}
	for _, rec := range b.signatures.Records {
		if w.known(b.SignaturesPart, rec.Part, RoleSignature) == nil {
			continue
		}
		f, err := w.d.readSignature(rec)
		if err != nil {
			w.fail(err)
			continue
		}
		w.known(f.Part, f.Seal, RoleSeal)
		w.known(f.Part, f.Value, RoleSignedValue)
	}
}

// integrity adds what GM/T 0099-2020 puts in the root under fixed names,
// without a link.
func (w *walker) integrity() {
	for _, name := range []string{"OFDEntries.xml", "Encryptions.xml"} {
		p := w.d.byName[name]
		if p == nil {
			continue
		}
		w.roles[name] = RoleIntegrity
		w.fail(readXML(p, w.d.limits, func(r *xmlx.Reader) {
			for d := r.Depth(); r.Child(d); {
				switch string(r.Local()) {
				case "SignedValueLoc":
					w.follow(name, string(r.Trimmed()), RoleIntegrity)
				case "EncryptInfo":
					for d := r.Depth(); r.Child(d); {
						if l := string(r.Local()); l == "DecryptSeedLoc" || l == "EntriesMapLoc" {
							w.follow(name, string(r.Trimmed()), RoleIntegrity)
						}
					}
				}
			}
		}))
	}
}
