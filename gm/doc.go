// Package gm is the only door of this module to the commercial cryptography of China: SM2, SM3, SM4, and the
// containers built on them.
//
// Covered, with the editions that were followed:
//
//   - SM2 signatures with SM3: GB/T 32918.1, .2, .5 (2016–2017), encoding and user identifier after GM/T 0009-2012
//   - SM3: GB/T 32905-2016, HMAC and HKDF over it (RFC 2104, RFC 5869); SM4 in GCM: GB/T 32907-2016, RFC 8998
//   - private keys: PKCS#8, in clear or wrapped by PBES2 with PBKDF2-HMAC-SM3 and SM4-CBC (RFC 8018, GM/T 0091 shapes)
//   - digital certificates, requests, revocation lists: GB/T 20518-2018, RFC 5280, RFC 2986
//   - OCSP responses: RFC 6960, GM/T 0034 (reading and verifying)
//   - signed data: GB/T 35275-2017 and what signers in the field make of it
//   - time stamps: RFC 3161 and GM/T 0033, asking, reading, verifying, and answering
//
// Time stamps, and the authorities above them, are understood and made by further suites (see [Suite]): SHA-256 with
// ECDSA on P-256, SHA-384 with ECDSA on P-384 (RFC 5480, RFC 5754, RFC 5758). Nothing else is: proof outlives an
// algorithm by them, seals and documents are not signed by them.
//
// RSA with SHA-1 or SHA-256 is verified, never made: seals of GM/T 0031-2014 may carry it.
//
// Not covered: SM2 encryption and key exchange, SM9, ZUC, enveloped data, attribute certificates, delta and indirect
// revocation lists, name constraints and policy mapping (a critical one makes a chain fail), signed data with several
// signers, TLCP.
//
// # Strict and lenient
//
// What this package writes is DER, canonical to the octet. What it reads it reads leniently where products in the field
// err harmlessly, and every such leniency is a Note; a caller who wants to be strict refuses when there is one.
// [Verify] is strict. Signatures are always checked over the bytes as stored, never over a re-encoding.
//
// # Answers
//
// A check answers "not valid" (an error that wraps [ErrInvalidSignature] or [ErrDigestMismatch], or a [Problem]), or
// says that it could not tell ([ErrUnsupported], [ErrNoCertificate], [ErrMalformed]); it is never a bool.
// Nothing here reads the clock or the network: times, anchors, lists and responses are arguments.
package gm
