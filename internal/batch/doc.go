// Package batch issues certificates of one kind by the thousand (批量签发), from a
// table that a clerk filled in.
//
// Words: a batch is a table (XLSX, or CSV in UTF-8 or GB 18030) on its way; a row
// is one certificate in it, known by its line in the file. Every row is checked
// first by all rules of the kind, its text laid out on the face included. Then
// three people act, whatever roles they hold: who uploaded never approves, and
// who uploaded or approved never starts it.
//
//	reading → checked → submitted → approved → running ⇄ paused → done
//	checked, submitted, approved → over    discarded, sent back or forgotten
//
// States of a row: pending → begun → issued or failed; refused by the check;
// repeated where another row that says the same was issued; cancelled with the
// rest of the batch. A row is never all or nothing with the others.
//
// Each row is asked of package cert under a key of its own, for ever, in the name
// of who started the batch: whatever is killed and whoever goes on, a row becomes
// one certificate at most. A refusal that is not the row's own (a frozen seal, a
// role that was taken away) pauses the batch and says why.
//
// What rows say is encrypted, and removed as soon as a row is dealt with; what is
// kept is the certificate or the rule that was broken. Neither problems nor audit,
// notices and events repeat what stood in a cell.
//
// Topics: event.Started, event.Ended. Tables: batch_run, batch_row.
package batch
