// SPDX-License-Identifier: GPL-3.0-or-later
#include "spec/tensor_table.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace gsst {
namespace {

ModelSpec smallGpt2() {
    return {Family::Gpt2, 2, 96, 4, 4, 400, 1000, 60, true, 1e-5, 1e4};
}
ModelSpec smallLlama() {
    return {Family::Llama, 3, 128, 8, 2, 344, 2048, 64, false, 1e-5, 1e4};
}

ModelSpec smallQwen3() {
    return {Family::Qwen3, 2, 96, 4, 2, 256, 1000, 60, true, 1e-6, 1e6, 40};
}

TEST(TensorTable, CountsTheParametersOfKnownModels) {
    const ModelSpec gpt2{Family::Gpt2, 12, 768, 12, 12, 3072, 50257, 1024, true, 1e-5, 1e4};
    EXPECT_EQ(TensorTable(gpt2).parameters(), 124'439'808);
    const ModelSpec llama{Family::Llama, 32, 4096, 32, 32, 11008, 32000, 2048, false, 1e-6, 1e4};
    EXPECT_EQ(TensorTable(llama).parameters(), 6'738'415'616);
    const ModelSpec tinyLlama{Family::Llama, 22, 2048, 32, 4, 5632, 32000, 2048, false, 1e-5, 1e4};
    EXPECT_EQ(TensorTable(tinyLlama).parameters(), 1'100'048'384);
    const ModelSpec qwen3{Family::Qwen3, 28, 1024, 16, 8, 3072, 151936, 40960, true, 1e-6, 1e6, 128};
    EXPECT_EQ(TensorTable(qwen3).parameters(), 596'049'920);
    const ModelSpec largeQwen3{Family::Qwen3, 36, 4096, 32, 8, 12288, 151936, 40960, false, 1e-6, 1e6, 128};
    EXPECT_EQ(TensorTable(largeQwen3).parameters(), 8'190'735'360);
    for (const ModelSpec& model : {gpt2, llama, tinyLlama, qwen3, smallGpt2(), smallLlama(), smallQwen3()})
        EXPECT_EQ(parameterCount(model), TensorTable(model).parameters());
}

TEST(TensorTable, OrdersUnits) {
    const TensorTable table(smallLlama());
    ASSERT_EQ(table.unitCount(), 2 + 2 * 3);
    EXPECT_EQ(table.units()[0].kind, UnitKind::Embedding);
    EXPECT_EQ(table.units()[0].layer, -1);
    for (int layer = 0; layer < 3; ++layer) {
        EXPECT_EQ(table.units()[size_t(1 + 2 * layer)].kind, UnitKind::Attention);
        EXPECT_EQ(table.units()[size_t(2 + 2 * layer)].kind, UnitKind::Mlp);
        EXPECT_EQ(table.units()[size_t(2 + 2 * layer)].layer, layer);
    }
    EXPECT_EQ(table.headUnit(), 7);
    EXPECT_EQ(table.units()[7].kind, UnitKind::Head);
}

std::vector<std::string> namesOf(const TensorTable& table, int unit) {
    std::vector<std::string> names;
    for (const TensorInfo& tensor : table.tensorsOf(unit))
        names.push_back(tensor.name);
    return names;
}

TEST(TensorTable, NamesTheTensorsOfGpt2) {
    using Names = std::vector<std::string>;
    const TensorTable table(smallGpt2());
    EXPECT_EQ(namesOf(table, 0), (Names{"embedding.tokens.weight", "embedding.positions.weight"}));
    EXPECT_EQ(namesOf(table, 3),
              (Names{"layers.1.attention.norm.weight", "layers.1.attention.norm.bias", "layers.1.attention.qkv.weight",
                     "layers.1.attention.qkv.bias", "layers.1.attention.out.weight", "layers.1.attention.out.bias"}));
    EXPECT_EQ(namesOf(table, 4), (Names{"layers.1.mlp.norm.weight", "layers.1.mlp.norm.bias", "layers.1.mlp.up.weight",
                                        "layers.1.mlp.up.bias", "layers.1.mlp.down.weight", "layers.1.mlp.down.bias"}));
    EXPECT_EQ(namesOf(table, 5), (Names{"head.norm.weight", "head.norm.bias"}));
}

TEST(TensorTable, NamesTheTensorsOfLlama) {
    using Names = std::vector<std::string>;
    const TensorTable table(smallLlama());
    EXPECT_EQ(namesOf(table, 0), Names{"embedding.tokens.weight"});
    EXPECT_EQ(namesOf(table, 1), (Names{"layers.0.attention.norm.weight", "layers.0.attention.query.weight",
                                        "layers.0.attention.key.weight", "layers.0.attention.value.weight",
                                        "layers.0.attention.out.weight"}));
    EXPECT_EQ(namesOf(table, 2), (Names{"layers.0.mlp.norm.weight", "layers.0.mlp.gate.weight",
                                        "layers.0.mlp.up.weight", "layers.0.mlp.down.weight"}));
    EXPECT_EQ(namesOf(table, 7), (Names{"head.norm.weight", "head.weight"}));
}

TEST(TensorTable, NamesTheTensorsOfQwen3) {
    using Names = std::vector<std::string>;
    const TensorTable table(smallQwen3());
    EXPECT_EQ(namesOf(table, 0), Names{"embedding.tokens.weight"});
    EXPECT_EQ(namesOf(table, 1), (Names{"layers.0.attention.norm.weight", "layers.0.attention.query.weight",
                                        "layers.0.attention.key.weight", "layers.0.attention.value.weight",
                                        "layers.0.attention.query_norm.weight", "layers.0.attention.key_norm.weight",
                                        "layers.0.attention.out.weight"}));
    EXPECT_EQ(namesOf(table, 2), (Names{"layers.0.mlp.norm.weight", "layers.0.mlp.gate.weight",
                                        "layers.0.mlp.up.weight", "layers.0.mlp.down.weight"}));
    EXPECT_EQ(namesOf(table, 5), (Names{"head.norm.weight"}));
}

TEST(TensorTable, GivesShapesAndFindsByRole) {
    using Shape = std::vector<int64_t>;
    const TensorTable gpt2(smallGpt2());
    EXPECT_EQ(gpt2.find(0, TensorRole::PositionEmbedding)->shape, (Shape{60, 96}));
    EXPECT_EQ(gpt2.find(1, TensorRole::Qkv)->shape, (Shape{288, 96}));
    EXPECT_EQ(gpt2.find(1, TensorRole::QkvBias)->shape, (Shape{288}));
    EXPECT_EQ(gpt2.find(2, TensorRole::Down)->shape, (Shape{96, 400}));
    EXPECT_EQ(gpt2.find(2, TensorRole::UpBias)->shape, (Shape{400}));
    EXPECT_EQ(gpt2.find(2, TensorRole::Gate), nullptr);
    EXPECT_EQ(gpt2.find(gpt2.headUnit(), TensorRole::HeadWeight), nullptr);

    const TensorTable llama(smallLlama());
    EXPECT_EQ(llama.find(1, TensorRole::Query)->shape, (Shape{128, 128}));
    EXPECT_EQ(llama.find(1, TensorRole::Key)->shape, (Shape{32, 128}));
    EXPECT_EQ(llama.find(1, TensorRole::Value)->shape, (Shape{32, 128}));
    EXPECT_EQ(llama.find(2, TensorRole::Gate)->shape, (Shape{344, 128}));
    EXPECT_EQ(llama.find(2, TensorRole::NormBias), nullptr);
    EXPECT_EQ(llama.find(llama.headUnit(), TensorRole::HeadWeight)->shape, (Shape{2048, 128}));

    const TensorTable qwen3(smallQwen3());
    EXPECT_EQ(qwen3.find(1, TensorRole::Query)->shape, (Shape{160, 96}));
    EXPECT_EQ(qwen3.find(1, TensorRole::Key)->shape, (Shape{80, 96}));
    EXPECT_EQ(qwen3.find(1, TensorRole::QueryNorm)->shape, (Shape{40}));
    EXPECT_EQ(qwen3.find(1, TensorRole::KeyNorm)->shape, (Shape{40}));
    EXPECT_EQ(qwen3.find(1, TensorRole::AttentionOut)->shape, (Shape{96, 160}));
}

TEST(TensorTable, TreatsMatricesAndVectorsDifferently) {
    for (const ModelSpec& model : {smallGpt2(), smallLlama(), smallQwen3()}) {
        const TensorTable table(model);
        for (const TensorInfo& tensor : table.tensors()) {
            SCOPED_TRACE(tensor.name);
            const bool isMatrix = tensor.shape.size() == 2;
            const bool endsOnResidual = tensor.role == TensorRole::AttentionOut || tensor.role == TensorRole::Down;
            EXPECT_EQ(tensor.decay, isMatrix);
            if (isMatrix) {
                EXPECT_EQ(tensor.init, InitKind::Normal);
                EXPECT_DOUBLE_EQ(tensor.initStd, endsOnResidual ? 0.02 / std::sqrt(2.0 * double(model.layers)) : 0.02);
            } else {
                const bool ofNorm = tensor.name.ends_with("norm.weight");
                EXPECT_EQ(tensor.init, ofNorm ? InitKind::Ones : InitKind::Zeros);
                EXPECT_EQ(tensor.initStd, 0.0);
            }
        }
    }
}

/// Everything that files and sums rely on: no gap, no overlap, alignment, indices that agree.
void expectSound(const TensorTable& table) {
    int tensorIndex = 0, blockIndex = 0;
    int64_t parameters = 0, padded = 0;
    std::set<std::string> names;
    for (int unit = 0; unit < table.unitCount(); ++unit) {
        const UnitInfo& info = table.units()[size_t(unit)];
        ASSERT_EQ(info.firstTensor, tensorIndex);
        ASSERT_EQ(info.firstBlock, blockIndex);
        int64_t end = 0, elements = 0;
        for (const TensorInfo& tensor : table.tensorsOf(unit)) {
            EXPECT_EQ(tensor.unit, unit);
            EXPECT_EQ(tensor.offset, end);
            EXPECT_EQ(tensor.offset % kTensorAlignment, 0);
            EXPECT_EQ(tensor.firstBlock, blockIndex);
            EXPECT_EQ(tensor.blockCount, (tensor.elements + kBlockElements - 1) / kBlockElements);
            EXPECT_TRUE(names.insert(tensor.name).second);
            int64_t inBlocks = 0;
            for (int b = 0; b < tensor.blockCount; ++b, ++blockIndex) {
                const BlockInfo& block = table.blocks()[size_t(blockIndex)];
                EXPECT_EQ(block.unit, unit);
                EXPECT_EQ(block.tensor, tensorIndex);
                EXPECT_EQ(block.offset, end);
                EXPECT_LE(block.elements, kBlockElements);
                EXPECT_GT(block.elements, 0);
                EXPECT_EQ(block.paddedElements % kTensorAlignment, 0);
                EXPECT_GE(block.paddedElements, block.elements);
                EXPECT_LT(block.paddedElements - block.elements, kTensorAlignment);
                end += block.paddedElements;
                inBlocks += block.elements;
            }
            EXPECT_EQ(inBlocks, tensor.elements);
            elements += tensor.elements;
            ++tensorIndex;
        }
        EXPECT_EQ(info.elements, elements);
        EXPECT_EQ(info.paddedElements, end);
        EXPECT_EQ(info.blockCount, int(table.blocksOf(unit).size()));
        parameters += elements;
        padded += end;
    }
    EXPECT_EQ(tensorIndex, int(table.tensors().size()));
    EXPECT_EQ(blockIndex, int(table.blocks().size()));
    EXPECT_EQ(table.parameters(), parameters);
    EXPECT_EQ(table.paddedParameters(), padded);
}

TEST(TensorTable, LeavesNoGapsAndOverlaps) {
    expectSound(TensorTable(smallGpt2()));
    expectSound(TensorTable(smallLlama()));
    expectSound(TensorTable(smallQwen3()));
    expectSound(TensorTable({Family::Gpt2, 12, 768, 12, 12, 3072, 50257, 1024, true, 1e-5, 1e4}));
    expectSound(TensorTable({Family::Llama, 1, 2, 1, 1, 1, 2, 1, false, 1e-5, 1e4}));
}

}  // namespace
}  // namespace gsst
