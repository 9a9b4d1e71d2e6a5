using FsCheck;
using FsCheck.Fluent;

namespace Ayni.Training.Tests;

public sealed class MerkleTreeTests
{
    [Theory]
    // Computed by a recursion over RFC 6962's definition, in another language, over the SHA-256 of the bytes 0, 1, 2, …
    [InlineData(1, "d9de27625445003d8a9739a851e3ff8d41c0683630b4d63a88327a6aaa37c409")]
    [InlineData(2, "604d540f09268b91672ab011394d5266ccd7d4484d0d109411a55848126a1b2c")]
    [InlineData(3, "d1f13800048f5909d4043fc0c152f6643280cba608b672715e56ce159a20629f")]
    [InlineData(7, "bee2275db16667589a4515f63e0d053a2fa602c1d9f9703e98920a5bdad59baf")]
    public void The_root_is_that_of_RFC_6962(int count, string root) => Assert.Equal(root, MerkleTree.Root(Values(count)).ToString());

    [Fact]
    public void A_path_leads_from_its_value_at_its_place_to_the_root_and_from_no_other() => Prop.ForAll(
        Gen.Choose(1, 200).ToArbitrary(), Gen.Choose(0, 199).ToArbitrary(), (count, place) =>
        {
            var values = Values(count);
            var index = place % count;
            var (root, path) = (MerkleTree.Root(values), MerkleTree.Path(values, index));
            bool Verifies(int at, DocumentDigest value) => MerkleTree.Verify(root, count, at, value, path);
            return Verifies(index, values[index])
                && Enumerable.Range(-1, count + 2).All(at => at == index || !Verifies(at, values[index]))
                && Enumerable.Range(0, count).All(other => other == index || !Verifies(index, values[other]))
                && !MerkleTree.Verify(root, count, index, values[index], [.. path, root])
                && (path.Count == 0 || !MerkleTree.Verify(root, count, index, values[index], [.. path.SkipLast(1)]));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_value_is_proven_to_be_there_or_its_neighbours_are() => Prop.ForAll(
        Gen.Choose(0, 400).NonEmptyListOf().ToArbitrary(), Gen.Choose(0, 400).ToArbitrary(), (numbers, wanted) =>
        {
            var list = DocumentList.Of(numbers.Distinct().Select(number => DocumentDigest.Of([(byte)number, (byte)(number >> 8)])), null);
            var place = list.Find(DocumentDigest.Of([(byte)wanted, (byte)(wanted >> 8)]));
            return numbers.Contains(wanted) == (place >= 0);
        }).QuickCheckThrowOnFailure();

    private static DocumentDigest[] Values(int count) => [.. Enumerable.Range(0, count).Select(number => DocumentDigest.Of([(byte)number]))];
}
