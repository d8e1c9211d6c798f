// Networks on the device without memory: no kernel does anything.
#include "device/nothing.h"
#include "device/nn/attention.h"
#include "device/nn/conv.h"
#include "device/nn/embedding.h"
#include "device/nn/loss.h"
#include "device/nn/norm.h"
#include "device/nn/optim.h"
#include "device/nn/pool.h"
#include "device/nn/recurrent.h"
#include "device/nn/resample.h"

namespace adjoint {

const ConvKernels meta_conv = {.forward = nothing, .transposed = nothing, .weight = nothing};
const PoolKernels meta_pool = {
    .max = nothing,
    .average = nothing,
    .average_backward = nothing,
    .put = nothing,
    .pick = nothing,
};
const ResampleKernels meta_resample = {
    .resample = nothing,
    .grid_sample = nothing,
    .grid_sample_backward = nothing,
};
const NormKernels meta_norm = {.forward = nothing, .backward = nothing, .recall = nothing, .track = nothing};
const LossKernels meta_loss = {
    .total = nothing,
    .outside_unit = nothing,
    .outside_classes = nothing,
    .cross_entropy = nothing,
    .cross_entropy_backward = nothing,
    .nll = nothing,
    .nll_backward = nothing,
    .multilabel_margin = nothing,
    .ctc = nothing,
    .ctc_backward = nothing,
};
const EmbeddingKernels meta_embedding = {.outside = nothing, .sum_rows = nothing, .fill_bags = nothing};
const AttentionKernels meta_attention = {nothing, nothing};
const RecurrentKernels meta_recurrent = {nothing, nothing};
const OptimKernels meta_optim = {.step = nothing};

}  // namespace adjoint
