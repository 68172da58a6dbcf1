// Package policy is the one authorisation engine, for programs and pages: role
// × organisation × purpose × class of data, with the second factor and the
// assurance level of whoever asks. It decides on what it is told and keeps no
// state: no database, no clock, no HTTP.
//
// A [Set] is one version of the policies: two texts that people read. roles.yaml
// says what each role may do, and nothing is allowed that does not stand there.
// rules.cedar says, in Cedar (https://docs.cedarpolicy.com), what refuses
// nevertheless; a rule can only take away. For each role one Cedar permit is
// generated, with the id role.<code>.
//
// A question is put for each role that the subject holds, acting in that role
// for the organisation it is held for; one yes is enough. Every error of the
// evaluation is a refusal: Cedar itself would skip the rule that it cannot
// evaluate, and allow.
//
// [Parse] refuses texts below a floor that no policy may leave: administrators
// without business, duties kept apart, personal data with a purpose only (see
// duty.go and floor.go).
package policy
