// SPDX-License-Identifier: GPL-3.0-or-later
#pragma once

#include "device/cpu_device.h"
#include "device/delaying_device.h"
#include "engine/executor.h"
#include "fake_slice_math.h"
#include "io/aligned_buffer.h"
#include "plan/program_builder.h"
#include "plan/state_bytes.h"
#include "spec/cost.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace gsst::test {

inline ModelSpec tinyModel(bool tied) {
    ModelSpec model;
    model.layers = 3;
    model.width = 64;
    model.heads = 2;
    model.kvHeads = 2;
    model.ffnWidth = 128;
    model.vocabulary = 1300;  // more than one block
    model.context = 16;
    model.tiedHead = tied;
    return model;
}

inline TrainSpec tinyTraining() {
    TrainSpec training;
    training.sequenceLength = 8;
    training.sequencesPerStep = 6;
    training.microBatch = 2;
    return training;
}

/// A run of the engine over the fake math: initial state, steps, state afterwards. Everything but the outcome is free.
class FakeRun {
public:
    FakeRun(FileSystem& files, std::filesystem::path folder, const TensorTable& table, const Placement& placement, int64_t ringBytes,
            std::unique_ptr<Device> device)
        : m_files(files), m_folder(std::move(folder)), m_table(table), m_training(tinyTraining()),
          m_builder(table, m_training, placement), m_resident(placement.stateResident), m_ringBytes(ringBytes),
          m_device(std::move(device)) {}

    void create() {
        ASSERT_TRUE(m_files.makeFolders(m_folder).ok());
        auto made = StateStore::create(m_files, m_folder, m_table, Caching::Direct);
        ASSERT_TRUE(made.ok()) << made.error().text();
        m_store = std::move(*made);
        auto buffer = AlignedBuffer::create(size_t(kBlockElements) * 4);
        ASSERT_TRUE(buffer.ok());
        for (size_t block = 0; block < m_table.blocks().size(); ++block)
            for (StateKind kind : kStateKinds) {
                const size_t bytes = size_t(m_table.blocks()[block].paddedElements * elementBytes(kind));
                // bf16 bit patterns around 0.01 in `hi`, zero elsewhere.
                auto* words = reinterpret_cast<uint16_t*>(buffer->data());
                for (size_t i = 0; i < bytes / 2; ++i)
                    words[i] = kind == StateKind::Hi ? uint16_t(0x3c00 + (i + block * 3) % 61) : uint16_t(0);
                ASSERT_TRUE(m_store->file(0).write(m_store->layout().blocks(int(block), 1, kind).offset, {buffer->data(), bytes}).ok());
                m_store->recordBlock(0, int(block), kind, {buffer->data(), bytes});
            }
        ASSERT_TRUE(m_store->commit(0, CommitRecord{}).ok());
    }

    void open() {
        if (!m_store) {
            auto opened = StateStore::open(m_files, m_folder, m_table, Caching::Direct);
            ASSERT_TRUE(opened.ok()) << opened.error().text();
            m_store = std::move(*opened);
        }
        m_step = m_store->committed().step;
        if (m_resident) {
            auto state = ResidentState::create(m_table, m_ram);
            ASSERT_TRUE(state.ok());
            m_state = std::move(*state);
            loadResidentState();
        } else {
            auto file = m_files.open(m_folder / "gradients", OpenMode::Create, Caching::Direct);
            ASSERT_TRUE(file.ok());
            m_gradients = std::move(*file);
            ASSERT_TRUE(m_gradients->reserve(uint64_t(m_table.paddedParameters() * kGradientBytes)).ok());
        }
        auto ring = StagingRing::create(size_t(m_ringBytes));
        ASSERT_TRUE(ring.ok());
        m_ring = std::move(*ring);
        m_math = std::make_unique<FakeSliceMath>(m_table, m_builder.slices(), m_training.tokensPerMicroBatch() * m_table.model().width);
        m_io = makeThreadPoolIo({2, 2, 64 << 10});
        EngineParts parts;
        parts.table = &m_table;
        parts.slices = m_builder.slices();
        parts.device = m_device.get();
        parts.ram = &m_ram;
        parts.ring = m_ring.get();
        parts.io = m_io.get();
        parts.math = m_math.get();
        parts.store = m_store.get();
        parts.gradients = m_gradients.get();
        parts.resident = m_state.get();
        m_executor = std::make_unique<Executor>(parts);
    }

    /// One step, deferred: the update of the step before rides on it. Returns false on an error (kept in lastError).
    bool step(bool ahead) {
        const bool updating = m_pending && !m_resident;
        if (m_executor->queued() == 0)
            m_executor->enqueue(program(updating ? ProgramKind::StepUpdating : ProgramKind::StepPlain));
        if (ahead && !m_resident)
            m_executor->enqueue(program(ProgramKind::StepUpdating));
        auto outcome = m_executor->run(context(), {});
        if (!outcome.ok()) {
            lastError = outcome.error();
            return false;
        }
        losses.push_back(outcome->loss.nats);
        ++m_step;
        double norm = 0;
        for (double block : m_executor->squaredNorms())
            norm += block;
        m_scale = norm > 1e-3 ? float(1e-3 / norm) : 1.0f;
        m_pending = true;
        if (m_resident) {
            m_executor->enqueue(program(ProgramKind::UpdateOnly));
            EXPECT_TRUE(m_executor->run(context(), {}).ok());
            m_pending = false;
        }
        return true;
    }

    bool settle() {
        Status drained = m_executor->drain();
        if (!drained.ok()) {
            lastError = drained.error();
            return false;
        }
        m_executor->abandon();
        for (ProgramKind kind : {ProgramKind::UpdateOnly, ProgramKind::WriteOut}) {
            if (kind == ProgramKind::UpdateOnly ? !m_pending : !m_resident)
                continue;
            m_executor->enqueue(program(kind));
            auto outcome = m_executor->run(context(), {});
            Status status = outcome.ok() ? m_executor->drain() : Status(outcome.error());
            if (!status.ok()) {
                lastError = status.error();
                return false;
            }
            m_pending = false;
        }
        return true;
    }

    void steps(int count) {
        for (int i = 0; i < count; ++i)
            ASSERT_TRUE(step(i + 1 < count)) << lastError.text();
        ASSERT_TRUE(settle()) << lastError.text();
    }

    StateStore& store() { return *m_store; }
    Executor& executor() { return *m_executor; }
    Device& device() { return *m_device; }
    StagingRing& ring() { return *m_ring; }
    CpuPool& ram() { return m_ram; }
    const ProgramBuilder& builder() const { return m_builder; }
    int64_t currentStep() const { return m_step; }

    std::vector<double> losses;
    Error lastError;

private:
    void loadResidentState() {
        const int slot = m_store->committedSlot();
        for (size_t index = 0; index < m_table.blocks().size(); ++index) {
            const BlockInfo& block = m_table.blocks()[index];
            std::byte* targets[] = {reinterpret_cast<std::byte*>(m_state->hi(block.unit) + block.offset),
                                    reinterpret_cast<std::byte*>(m_state->lo(block.unit) + block.offset),
                                    reinterpret_cast<std::byte*>(m_state->moment1(block.unit) + block.offset),
                                    reinterpret_cast<std::byte*>(m_state->moment2(block.unit) + block.offset)};
            for (StateKind kind : kStateKinds) {
                const Extent extent = m_store->layout().blocks(int(index), 1, kind);
                ASSERT_TRUE(m_store->file(slot).read(extent.offset, {targets[size_t(kind)], extent.bytes}).ok());
            }
        }
    }
    StepContext context() const {
        StepContext context;
        context.updateStep = m_step;
        context.gradientScale = m_scale;
        context.record.step = m_step;
        return context;
    }
    std::shared_ptr<const StepProgram> program(ProgramKind kind) {
        auto& cached = m_programs[kind];
        if (!cached)
            cached = std::make_shared<const StepProgram>(m_builder.build(kind));
        return cached;
    }

    FileSystem& m_files;
    std::filesystem::path m_folder;
    const TensorTable& m_table;
    TrainSpec m_training;
    ProgramBuilder m_builder;
    bool m_resident;
    int64_t m_ringBytes;
    std::map<ProgramKind, std::shared_ptr<const StepProgram>> m_programs;
    CpuPool m_ram{0};
    std::unique_ptr<Device> m_device;
    std::unique_ptr<StagingRing> m_ring;
    std::unique_ptr<StateStore> m_store;
    std::unique_ptr<File> m_gradients;
    std::unique_ptr<ResidentState> m_state;
    std::unique_ptr<FakeSliceMath> m_math;
    std::unique_ptr<AsyncIo> m_io;
    std::unique_ptr<Executor> m_executor;
    int64_t m_step = 0;
    bool m_pending = false;
    float m_scale = 1.0f;
};

}  // namespace gsst::test
