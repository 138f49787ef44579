#include "CShoalBuild.h"

#ifndef SHOAL_COMMIT
#define SHOAL_COMMIT ""
#endif

const char *shoal_build_commit(void) { return SHOAL_COMMIT; }

// With SOURCE_DATE_EPOCH set, the date of that.
const char *shoal_build_date(void) { return __DATE__; }
