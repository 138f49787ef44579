#include "CShoal.h"
