using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Ayni.Kernels;

namespace Ayni.Kernels.Tests;

public sealed class NativeBufferTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(100_003)]
    [InlineData(5_000_003)]
    public void A_buffer_is_aligned_and_zero_from_end_to_end(int bytes)
    {
        // Dirty the allocator's memory first, so that zeros are not there by luck.
        using (var dirty = new NativeBuffer(bytes))
            dirty.Span<byte>(0, bytes).Fill(0xA5);
        using var buffer = new NativeBuffer(bytes);
        ref var first = ref MemoryMarshal.GetReference(buffer.Span<byte>(0, bytes));
        Assert.Equal(0, Unsafe.ByteOffset(ref Unsafe.NullRef<byte>(), ref first) % NativeBuffer.Alignment);
        Assert.Equal(bytes, buffer.Bytes);
        Assert.Equal(-1, buffer.Span<byte>(0, bytes).IndexOfAnyExcept((byte)0));
    }

    [Fact]
    public void A_span_starts_at_its_element_and_writes_through()
    {
        using var buffer = new NativeBuffer(10 * sizeof(int));
        buffer.Span<int>(3, 2)[1] = 0x01020304;
        Assert.Equal(0x01020304, buffer.Span<int>(0, 10)[4]);
        Assert.Equal([4, 3, 2, 1], buffer.Span<byte>(16, 4).ToArray());
    }

    [Theory]
    [InlineData(0, 11)]
    [InlineData(10, 1)]
    [InlineData(11, 0)]
    [InlineData(-1, 1)]
    [InlineData(0, -1)]
    [InlineData(long.MaxValue, 1)]
    [InlineData(long.MaxValue / 4 + 1, 1)]
    [InlineData(long.MinValue, 0)]
    public void A_span_outside_the_buffer_is_refused(long offset, int count)
    {
        using var buffer = new NativeBuffer(10 * sizeof(int) + 3);
        Assert.Throws<ArgumentOutOfRangeException>(() => { buffer.Span<int>(offset, count); });
    }

    [Fact]
    public void An_empty_span_at_the_end_is_allowed()
    {
        using var buffer = new NativeBuffer(8);
        Assert.True(buffer.Span<long>(1, 0).IsEmpty);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(long.MinValue)]
    [InlineData(long.MaxValue)]
    public void A_negative_or_unaddressable_length_is_refused(long bytes) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => new NativeBuffer(bytes));

    [Fact]
    public void More_than_the_machine_has_is_out_of_memory_and_not_counted()
    {
        var account = new MemoryAccount();
        // Far beyond any address space, yet not beyond a long.
        Assert.Throws<OutOfMemoryException>(() => new NativeBuffer(1L << 61, account));
        Assert.Equal(0, account.LiveBytes);
        Assert.Equal(0, account.LiveBuffers);
    }

    [Fact]
    public void A_disposed_buffer_refuses_use_and_may_be_disposed_again()
    {
        var buffer = new NativeBuffer(64);
        var data = new TensorData(buffer);
        buffer.Dispose();
        buffer.Dispose();
        Assert.Throws<ObjectDisposedException>(() => { buffer.Span<byte>(0, 1); });
        Assert.Throws<ObjectDisposedException>(() => { data.Span(0, 1); });
        Assert.Throws<ObjectDisposedException>(() => { data.Slice(0, 1); });
        Assert.Throws<ObjectDisposedException>(() => new TensorData(buffer));
        Assert.Equal(64, buffer.Bytes);
    }

    [Fact]
    public void The_account_counts_what_lives()
    {
        var account = new MemoryAccount();
        using var kept = new NativeBuffer(100, account);
        var freed = new NativeBuffer(28, account);
        Assert.Equal(128, account.LiveBytes);
        Assert.Equal(2, account.LiveBuffers);
        freed.Dispose();
        freed.Dispose();
        Assert.Equal(100, account.LiveBytes);
        Assert.Equal(1, account.LiveBuffers);
    }

    [Fact]
    public void A_forgotten_buffer_is_freed_by_the_garbage_collector()
    {
        var account = new MemoryAccount();
        Forget(account);
        for (var i = 0; i < 20 && account.LiveBuffers > 0; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        Assert.Equal(0, account.LiveBytes);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Forget(MemoryAccount account) => _ = new NativeBuffer(1000, account);
}
