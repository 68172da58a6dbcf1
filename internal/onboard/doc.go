// Package onboard brings in units and people by the thousand, from a table that
// an administrator filled in.
//
// Words: a table is a file (XLSX, or CSV in UTF-8 or GB 18030) of one Kind; a
// line is one unit or one person in it, known by its number in the file; a
// problem says which cell of a line breaks which rule, and how to put it right;
// a run is a table on its way in.
//
// States of a run: reading → draft → running ⇄ paused → finished, and over for
// one that was given up. States of a line: pending → begun → done or refused;
// repeated for one that an earlier run did. A line is never all or nothing with
// the others: what is right comes in, what is not is told.
//
// Nothing is decided here: each line goes through the use cases of package iam,
// on behalf of who sent the table, as if they had filled in the pages. What iam
// demands of two people it demands here: roles are proposals, until a security
// administrator approves them.
//
// A line begun when the process died may have been done: it is tried again, and
// what exists already counts as done if it is just what the line asks for.
//
// Secrets: lines wait encrypted, and are wiped once they are dealt with. What is
// kept of a problem shows personal data masked. One-time links are made when
// they are taken, told once, and stored nowhere.
//
// Tables: onboard_run, onboard_row.
package onboard
