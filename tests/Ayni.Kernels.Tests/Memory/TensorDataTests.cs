using Ayni.Kernels;

namespace Ayni.Kernels.Tests;

public sealed class TensorDataTests
{
    [Fact]
    public void A_slice_of_a_slice_sees_the_right_bytes()
    {
        var data = TensorData.CopyOf([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        var part = data.Slice(2, 6).Slice(1, 4);
        Assert.Equal(4, part.Bytes);
        Assert.Equal([3, 4, 5, 6], part.Span(0, 4).ToArray());
        Assert.Equal([5, 6], part.Span(2, 2).ToArray());
        Assert.Equal(10, data.Bytes);
        GC.KeepAlive(data);
    }

    [Theory]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(11, 0)]
    [InlineData(-1, 1)]
    [InlineData(1, -1)]
    [InlineData(long.MaxValue, int.MaxValue)]
    [InlineData(4_294_967_296, 1)]
    public void A_range_outside_is_refused(long offset, int count)
    {
        var data = TensorData.CopyOf(new byte[10]);
        Assert.Throws<ArgumentOutOfRangeException>(() => { data.Span(offset, count); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { data.Slice(offset, count); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { data.Slice(0, 5).Span(1, 5); });
        Assert.Throws<ArgumentOutOfRangeException>(() => { data.Slice(count, long.MaxValue); });
    }

    [Fact]
    public void Nothing_at_all_has_no_bytes()
    {
        TensorData data = default;
        Assert.Equal(0, data.Bytes);
        Assert.True(data.Span(0, 0).IsEmpty);
        Assert.Throws<ArgumentOutOfRangeException>(() => { TensorData none = default; none.Span(0, 1); });
    }

    [Fact]
    public void No_buffer_is_refused() => Assert.Throws<ArgumentNullException>(() => new TensorData(null!));
}
