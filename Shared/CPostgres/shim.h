#ifndef COUNTERFOIL_CPOSTGRES_SHIM_H
#define COUNTERFOIL_CPOSTGRES_SHIM_H
#include <libpq-fe.h>
#endif
