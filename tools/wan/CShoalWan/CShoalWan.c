#include "CShoalWan.h"
