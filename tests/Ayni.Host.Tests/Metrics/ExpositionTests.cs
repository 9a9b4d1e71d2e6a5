using System.Globalization;
using Ayni.Tests;
using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Host.Tests;

/// <summary>What is written can be read by a strict reader, whatever it holds.</summary>
public sealed class ExpositionTests
{
    [Fact]
    public void Any_text_survives_as_label_and_as_description() =>
        Prop.ForAll<NonNull<string>, NonNull<string>>((label, help) =>
        {
            // A carriage return ends no line, but has no escape either; names of models and descriptions hold none.
            var value = label.Get.Replace("\r", "", StringComparison.Ordinal);
            var description = "x" + help.Get.Replace("\r", "", StringComparison.Ordinal);
            var writer = new ExpositionWriter();
            writer.Describe("vllm:a", "gauge", description);
            writer.Write("vllm:a", ExpositionWriter.Labels([new("first", value)], [new("then", "2")]), -1.5);
            var family = Exposition.Parse(writer.ToString())["vllm:a"];
            var sample = Assert.Single(family.Samples);
            Assert.Equal((description, "gauge", -1.5), (family.Help, family.Type, sample.Value));
            Assert.Equal((value, "2"), (sample.Labels["first"], sample.Labels["then"]));
        }).QuickCheckThrowOnFailure();

    [Theory]
    [InlineData("")]
    [InlineData("ar-SA")]
    [InlineData("de-DE")]
    public void A_histogram_counts_what_is_at_most_as_large_as_each_bound(string culture)
    {
        var before = CultureInfo.CurrentCulture;
        CultureInfo.CurrentCulture = new CultureInfo(culture);
        try
        {
            var histogram = new HistogramSeries([0.005, 1, 1000]);
            foreach (var value in (double[])[0, 0.005, 0.0051, 1, 1.5, 1000, 1000.5, 5e300])
                histogram.Record(value);
            var writer = new ExpositionWriter();
            writer.Describe("h", "histogram", "A histogram.");
            writer.WriteHistogram("h", "a=\"b\"", histogram);
            Assert.Contains("\nh_bucket{a=\"b\",le=\"1000.0\"} 6\n", writer.ToString(), StringComparison.Ordinal);
            var read = Exposition.Parse(writer.ToString());
            Assert.Equal([2, 4, 6, 8], read["h"].Samples.Take(4).Select(sample => (int)sample.Value));
            Assert.Equal(["0.005", "1.0", "1000.0", "+Inf"], read["h"].Samples.Take(4).Select(sample => sample.Labels["le"]));
            Assert.Equal(8, read.Value("h_count", ("a", "b")));
            Assert.Equal(5e300, read.Value("h_sum"));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void Recording_takes_no_memory_and_loses_nothing_among_threads()
    {
        var histogram = new HistogramSeries([.. Enumerable.Range(0, 20).Select(i => (double)i)]);
        histogram.Record(3);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            histogram.Record(3);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Parallel.For(0, 8, _ =>
        {
            for (var i = 0; i < 1000; i++)
                histogram.Record(3);
        });
        Assert.Equal((9001, 3 * 9001), (histogram.CountIn(3), histogram.Sum));
    }

    [Theory]
    [InlineData("a 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1")]
    [InlineData("# HELP a b\n# TYPE a gauge\nb 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"1\",x=\"2\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"1\",} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na{x=\"\\t\"} 1\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1,5\n")]
    [InlineData("# HELP a b\n# TYPE a gauge\na 1\na 2\n")]
    [InlineData("# HELP a b\n# TYPE a counter\na 1\n")]
    [InlineData("# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 2\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n")]
    [InlineData("# HELP h b\n# TYPE h histogram\nh_bucket{le=\"1.0\"} 1\nh_sum 1\nh_count 1\n")]
    public void The_tests_own_reader_is_strict(string text) => Assert.ThrowsAny<Exception>(() => Exposition.Parse(text));
}
