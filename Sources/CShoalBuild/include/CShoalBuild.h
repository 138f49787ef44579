// What a program was built from: the manifest can pass that to C, but not to Swift. No logic.
#ifndef CSHOALBUILD_H
#define CSHOALBUILD_H

// The commit; empty if unknown, with a plus sign if files had been changed since.
const char *shoal_build_commit(void);
// In the form of C: "Nov 9 2026".
const char *shoal_build_date(void);

#endif
