// Copyright (c) 2026, the otc.dli authors
// GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

package org.example;

import java.io.File;
import java.io.IOException;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.MapFunction;
import org.apache.flink.api.common.serialization.SimpleStringEncoder;
import org.apache.flink.api.common.state.CheckpointListener;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.api.connector.source.lib.NumberSequenceSource;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.file.sink.FileSink;
import org.apache.flink.core.fs.Path;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.streaming.api.functions.sink.filesystem.bucketassigners.BasePathBucketAssigner;
import org.apache.flink.streaming.api.functions.sink.filesystem.rollingpolicies.OnCheckpointRollingPolicy;
import org.apache.flink.util.Collector;

/**
 * Counts 1, 2, 3, ... into files, so that the files show whether a number was lost or came twice.
 *
 * <p>A line is {@code number,label,count}: the label this version of the job was started with, and how many numbers of
 * the same key (the remainder by {@link #KEYS}) were seen so far, which only comes out right if the keyed state went
 * from version to version with the savepoint.
 *
 * <p>Lines are committed with a savepoint, with a checkpoint, or at the end of a bounded job. The job has no periodic
 * checkpoints of its own: a version that crashes has committed nothing.
 *
 * <p>The source compiles with Flink 1.15, 1.17 and 2, so it begins in {@code initializeState} and not in {@code open},
 * whose argument is another one in Flink 2.
 *
 * <pre>
 * --out DIR           where the files go
 * --label TEXT        written with each number, default v1
 * --rate N            numbers a second, default 100
 * --count N           end after this many numbers; by default it runs for ever
 * --crash-after-ms N  fail once this version has run for so long
 * --crash-once FILE   do so only as long as there is no such file, which is made then
 * --fail-on-start     fail before the first number
 * --fail-snapshots    fail when a savepoint or a checkpoint is made
 * --fail-commits      fail right after a savepoint or a checkpoint was made
 * -DKEY=VALUE         a setting of Flink for this job, where Flink's REST API takes none (before 1.17)
 * </pre>
 */
public final class CountingJob {
    /** The reader of the files knows it too. */
    private static final int KEYS = 8;

    private CountingJob() {}

    public static void main(String[] args) throws Exception {
        Options options = new Options(args);
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment(options.settings());
        String label = options.get("label", "v1");

        FileSink<String> files =
                FileSink.forRowFormat(new Path(options.getRequired("out")), new SimpleStringEncoder<String>())
                        .withBucketAssigner(new BasePathBucketAssigner<>())
                        .withRollingPolicy(OnCheckpointRollingPolicy.build())
                        .build();

        // One source, so that the numbers are without gaps; what comes behind it has the parallelism of the job.
        // The names given by uid are what a savepoint finds the state of the next version by.
        env.fromSource(
                        new NumberSequenceSource(1, options.getLong("count", Long.MAX_VALUE)),
                        WatermarkStrategy.noWatermarks(),
                        "numbers")
                .setParallelism(1)
                .uid("numbers")
                .map(
                        new Throttle(
                                options.getLong("rate", 100),
                                options.has("fail-snapshots"),
                                options.has("fail-commits")))
                .setParallelism(1)
                .uid("throttle")
                .keyBy(number -> number % KEYS)
                .process(
                        new Count(
                                label,
                                options.getLong("crash-after-ms", Long.MAX_VALUE),
                                options.get("crash-once", ""),
                                options.has("fail-on-start")))
                .uid("count")
                .sinkTo(files)
                .uid("files");
        env.execute("counting " + label);
    }

    /** The arguments of the job, each with a value or none. Flink has a reader too, but Flink 2 has moved it. */
    private static final class Options {
        private final Map<String, String> values = new HashMap<>();
        private final Map<String, String> settings = new HashMap<>();

        Options(String[] args) {
            for (int at = 0; at < args.length; at++) {
                if (args[at].startsWith("-D")) {
                    String[] setting = args[at].substring(2).split("=", 2);
                    settings.put(setting[0], setting[1]);
                    continue;
                }
                boolean hasValue = at + 1 < args.length && !args[at + 1].startsWith("-");
                values.put(args[at].substring(2), hasValue ? args[++at] : "");
            }
        }

        Configuration settings() {
            return Configuration.fromMap(settings);
        }

        boolean has(String name) {
            return values.containsKey(name);
        }

        String get(String name, String otherwise) {
            return values.getOrDefault(name, otherwise);
        }

        long getLong(String name, long otherwise) {
            return has(name) ? Long.parseLong(values.get(name)) : otherwise;
        }

        String getRequired(String name) {
            if (!has(name)) {
                throw new IllegalArgumentException("The argument --" + name + " is missing.");
            }
            return values.get(name);
        }
    }

    /** Lets so many numbers a second pass. */
    private static final class Throttle
            implements MapFunction<Long, Long>, CheckpointedFunction, CheckpointListener {
        private static final long serialVersionUID = 1L;
        private final long pause;
        private final boolean failSnapshots;
        private final boolean failCommits;
        private transient long next;

        Throttle(long rate, boolean failSnapshots, boolean failCommits) {
            this.pause = TimeUnit.SECONDS.toNanos(1) / rate;
            this.failSnapshots = failSnapshots;
            this.failCommits = failCommits;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {
            next = System.nanoTime();
        }

        @Override
        public Long map(Long number) {
            next += pause;
            for (long wait = next - System.nanoTime(); wait > 0; wait = next - System.nanoTime()) {
                LockSupport.parkNanos(wait);
            }
            return number;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {
            if (failSnapshots) {
                throw new IllegalStateException("This version cannot save its state.");
            }
        }

        @Override
        public void notifyCheckpointComplete(long checkpointId) {
            if (failCommits) {
                throw new IllegalStateException("This version cannot commit.");
            }
        }
    }

    /** Counts the numbers of each key, and fails when its arguments say so. */
    private static final class Count extends KeyedProcessFunction<Long, Long, String>
            implements CheckpointedFunction {
        private static final long serialVersionUID = 1L;
        private final String label;
        private final long crashAfterMs;
        private final String crashOnce;
        private final boolean failOnStart;
        private transient long openedAt;
        private transient ValueState<Long> count;

        Count(String label, long crashAfterMs, String crashOnce, boolean failOnStart) {
            this.label = label;
            this.crashAfterMs = crashAfterMs;
            this.crashOnce = crashOnce;
            this.failOnStart = failOnStart;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            if (failOnStart) {
                throw new IllegalStateException("This version cannot start.");
            }
            openedAt = System.nanoTime();
            count = context.getKeyedStateStore().getState(new ValueStateDescriptor<>("count", Long.class));
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) {}

        @Override
        public void processElement(Long number, Context context, Collector<String> out) throws Exception {
            if (TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - openedAt) >= crashAfterMs && mayCrash()) {
                throw new IllegalStateException("This version crashes after " + crashAfterMs + " ms.");
            }
            long seen = count.value() == null ? 1 : count.value() + 1;
            count.update(seen);
            out.collect(number + "," + label + "," + seen);
        }

        /** Returns whether it has not crashed before, or may do so again. */
        private boolean mayCrash() throws IOException {
            return crashOnce.isEmpty() || new File(URI.create(crashOnce)).createNewFile();
        }
    }
}
