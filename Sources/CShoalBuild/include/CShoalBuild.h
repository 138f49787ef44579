// From what a program was built: C can be told so by the manifest, Swift cannot. No logic.
#ifndef CSHOALBUILD_H
#define CSHOALBUILD_H

// The commit; empty where it is not known. A plus sign follows where files had been changed since.
const char *shoal_build_commit(void);
// As C has it: "Nov  9 2026".
const char *shoal_build_date(void);

#endif
