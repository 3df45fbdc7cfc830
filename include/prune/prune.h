/** @file prune.h
 *  Everything: torch.nn.utils.prune for C.
 */
#ifndef PRUNE_PRUNE_H
#define PRUNE_PRUNE_H

#include "base.h"
#include "checkpoint.h"
#include "dict.h"
#include "files.h"
#include "functional.h"
#include "layers.h"
#include "module.h"
#include "pruning.h"
#include "random.h"
#include "streaming.h"
#include "tensor.h"

#endif
