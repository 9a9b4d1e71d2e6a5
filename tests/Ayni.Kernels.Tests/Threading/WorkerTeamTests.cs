namespace Ayni.Kernels.Tests;

public sealed class WorkerTeamTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Every_chunk_is_carried_out_exactly_once_over_many_runs(int workers)
    {
        using var team = new WorkerTeam(workers);
        for (var run = 0; run < 2000; run++)
        {
            var counts = new int[run % 37];
            var work = new Counting { Counts = counts };
            team.Run(ref work, counts.Length);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_team_that_fell_asleep_wakes_up_again()
    {
        using var team = new WorkerTeam(3);
        for (var run = 0; run < 5; run++)
        {
            Thread.Sleep(5);
            var counts = new int[64];
            var work = new Counting { Counts = counts };
            team.Run(ref work, counts.Length);
            Assert.All(counts, count => Assert.Equal(1, count));
        }
    }

    [Fact]
    public void A_failing_chunk_is_reported_to_the_caller_and_the_team_goes_on()
    {
        using var team = new WorkerTeam(2);
        var failing = new Failing();
        Assert.Throws<InvalidOperationException>(() => team.Run(ref failing, 100));
        var counts = new int[8];
        var work = new Counting { Counts = counts };
        team.Run(ref work, counts.Length);
        Assert.All(counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_disposed_team_refuses_work()
    {
        var team = new WorkerTeam(2);
        team.Dispose();
        team.Dispose();
        var work = new Failing();
        Assert.Throws<ObjectDisposedException>(() => team.Run(ref work, 1));
    }

    [Fact]
    public void Running_allocates_nothing_on_the_managed_heap()
    {
        using var team = new WorkerTeam(2);
        var work = new Counting { Counts = new int[16] };
        team.Run(ref work, 16);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var run = 0; run < 100; run++)
            team.Run(ref work, 16);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private struct Counting : IChunkedWork
    {
        public int[] Counts;

        public readonly void Execute(int chunk) => Interlocked.Increment(ref Counts[chunk]);
    }

    private struct Failing : IChunkedWork
    {
        public readonly void Execute(int chunk) => throw new InvalidOperationException($"chunk {chunk}");
    }
}
