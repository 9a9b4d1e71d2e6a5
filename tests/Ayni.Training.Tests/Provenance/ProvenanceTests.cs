using Ayni.Llama;
using Ayni.Tests;

namespace Ayni.Training.Tests;

public sealed class ProvenanceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public ProvenanceTests()
    {
        File.Copy(Path.Combine(Conformance.RepositoryRoot, "recipes", "hello", "tokenizer.tiktoken"), _folder.PathOf("tokenizer.tiktoken"));
        WriteLetters("abcdefgh");
        File.WriteAllLines(
            _folder.PathOf("notes.jsonl"), Enumerable.Range(0, 9).Select(i => $$"""{"text":"Note {{i}} for n{{i}}@example.org."}"""));
        File.WriteAllText(_folder.PathOf("member.txt"), "defghabcdefgh 3");
        File.WriteAllText(_folder.PathOf("other.txt"), "defghabcdefgh 4");
        File.WriteAllText(_folder.PathOf("note.txt"), "Note 3 for n3@example.org.");
        Key = MakerKey.Create(_folder.PathOf("maker.key"));
    }

    private static CancellationToken None => CancellationToken.None;

    private MakerKey Key { get; }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_a_model_learned_from_is_verified_from_its_data_and_one_changed_byte_names_the_source()
    {
        var provenance = Train(Recipe(), Key);
        Assert.All(Verify(provenance, Key), finding => Assert.Equal(FindingState.Right, finding.State));
        var manifest = provenance.SignedManifest.Manifest;
        Assert.Equal(Key.PublicKey, manifest.Maker);
        Assert.Equal(["letters", "notes"], manifest.Sources.Select(source => source.Name));
        Assert.Equal(9, manifest.Sources[1].Masked.Email);
        Assert.Equal("2.500000", manifest.Sources[1].Weight);
        Assert.Equal(1m, manifest.Sources.Sum(source => decimal.Parse(source.Share, System.Globalization.CultureInfo.InvariantCulture)));
        Assert.True(manifest.Sources.All(source => source.TokensSeen > 0 && source.Tokens > 0));

        // Without the key all but the commitments is checked; another's key opens nothing.
        Assert.Equal(
            [FindingState.Right, FindingState.Unchecked], SourcesIn(Verify(provenance, null)).TakeLast(2).Select(finding => finding.State));
        Assert.DoesNotContain(Verify(provenance, MakerKey.Create(_folder.PathOf("other.key"))), finding => finding.State == FindingState.Wrong);

        WriteLetters("abcdefgi");
        var wrong = Assert.Single(Verify(provenance, Key), finding => finding.State == FindingState.Wrong);
        Assert.Equal("source 'letters'", wrong.Subject);
        Assert.Contains("content", wrong.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_were_changed_and_a_manifest_of_another_model_are_found()
    {
        var provenance = Train(Recipe(), Key);
        var model = File.ReadAllBytes(provenance.Model);
        model[^100] ^= 1;
        File.WriteAllBytes(provenance.Model, model);
        var wrong = Assert.Single(Verify(ModelProvenance.Open(provenance.Model), Key), finding => finding.State == FindingState.Wrong);
        Assert.Equal("weights", wrong.Subject);

        // Its vocabulary and its chat template are what the manifest says, too.
        model[^100] ^= 1;
        var place = model.AsSpan().IndexOf("<|eot_id|>"u8) + 2;
        model[place] ^= 1;
        File.WriteAllBytes(provenance.Model, model);
        wrong = Assert.Single(Verify(ModelProvenance.Open(provenance.Model), Key), finding => finding.State == FindingState.Wrong);
        Assert.Equal("tokenizer", wrong.Subject);
        model[place] ^= 1;
        File.WriteAllBytes(provenance.Model, model);

        var json = File.ReadAllText(provenance.Path);
        AssertRefused("\"licence\": \"CC0-1.0\"", "\"licence\": \"Apache-2.0\"", "this manifest has the SHA-256");
        AssertRefused("\"weight\": \"2.500000\"", "\"weight\": \"2.000000\"", "is not the share of its tokens times its weight");
        AssertRefused("\"version\": 1", "\"version\": 2", "manifest.version: 2, where 1 is read");
        AssertRefused("\"files\": 1,", "\"files\": 1, \"more\": 2,", "more: there is no field 'more'.");
        AssertRefused("\"files\": 1,", "", "fields are missing: 'files'.");
        AssertRefused("\"files\": 1,", "\"files\": \"1\",", "files: the value is of another kind.");
        AssertRefused("\"files\": 1,", "\"files\": 1, \"files\": 1,", "provenance.json:");
        AssertRefused("\"signature\": \"", "\"signature\": \"0", "expected 128 hexadecimal digits");
        File.Delete(provenance.Path);
        Assert.Contains(
            "is not beside it", Assert.Throws<ProvenanceException>(() => ModelProvenance.Open(provenance.Model)).Message, StringComparison.Ordinal);

        void AssertRefused(string from, string to, string expected)
        {
            Assert.Contains(from, json, StringComparison.Ordinal);
            File.WriteAllText(provenance.Path, json.Replace(from, to, StringComparison.Ordinal));
            var error = Assert.Throws<ProvenanceException>(() => ModelProvenance.Open(provenance.Model));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
            File.WriteAllText(provenance.Path, json);
        }
    }

    [Fact]
    public void A_signature_is_of_the_manifest_and_its_maker()
    {
        var signed = Train(Recipe(), Key).SignedManifest;
        Assert.True(signed.HasRightSignature());
        Assert.False((signed with { Manifest = signed.Manifest with { Model = "another" } }).HasRightSignature());
        Assert.False((signed with { Manifest = signed.Manifest with { Tensors = new string('0', 64) } }).HasRightSignature());
        var other = MakerKey.Create(_folder.PathOf("second.key"));
        Assert.False((signed with { Manifest = signed.Manifest with { Maker = other.PublicKey } }).HasRightSignature());
        Assert.Equal(Key.PublicKey, MakerKey.Read(_folder.PathOf("maker.key")).PublicKey);
    }

    [Fact]
    public void Documents_are_proven_to_be_there_or_not_and_a_tampered_proof_is_refused()
    {
        var provenance = Train(Recipe(), Key);
        var (member, other, note) = (Read("member.txt"), Read("other.txt"), Read("note.txt"));
        Assert.Equal([Membership.Member, Membership.Absent], Memberships(member, member.Prove(provenance, Key, true), null));
        Assert.Equal([Membership.Absent, Membership.Absent], Memberships(other, other.Prove(provenance, Key, true), null));
        // What was masked is found by who has it; a private source opens to its key alone.
        Assert.Equal([Membership.Absent, Membership.Member], Memberships(note, note.Prove(provenance, Key, true), null));
        Assert.Equal([Membership.Absent, Membership.Member], Memberships(note, note.Prove(provenance, Key, false), Key));
        Assert.Equal([Membership.Absent, Membership.Sealed], Memberships(note, note.Prove(provenance, Key, false), null));
        Assert.Equal([Membership.Absent, Membership.Sealed], Memberships(note, note.Prove(provenance, null, true), null));

        var proof = other.Prove(provenance, Key, true);
        Refused(member, proof, "of another document");
        var letters = proof.Sources[0];
        Refused(other, With(letters with { Before = null }), "no neighbours");
        Refused(other, With(letters with { After = letters.Before }), "is not in the list");
        Refused(other, With(letters with { Before = letters.Before! with { Index = letters.Before.Index - 1 } }), "is not in the list");
        Refused(other, With(letters with { Before = null, After = null }), "it proves nothing");
        Refused(other, With(letters with { Member = letters.Before, Before = null, After = null }), "not in the list that the manifest names");
        Refused(other, With(letters with { Value = letters.Before.Value }), "its value is not that of the document");
        Refused(other, With(letters with { Value = null }), "it proves nothing");
        Refused(other, proof with { Sources = [letters] }, "is of 1 sources");
        Refused(other, proof with { Manifest = proof.Document }, "is of the manifest");
        foreach (var place in Enumerable.Range(0, letters.After!.Path.Count))
        {
            string[] path = [.. letters.After.Path];
            path[place] = proof.Document;
            Refused(other, With(letters with { After = letters.After with { Path = path } }), "is not in the list");
        }

        DocumentProof With(SourceProof source) => proof with { Sources = [source, proof.Sources[1]] };

        IEnumerable<Membership> Memberships(GivenDocument document, DocumentProof proof, MakerKey? key)
        {
            using var stream = new MemoryStream();
            proof.Write(stream);
            return document.Verify(DocumentProof.Parse("proof.json", stream.ToArray()), provenance, key).Select(found => found.Membership);
        }

        void Refused(GivenDocument document, DocumentProof proof, string expected) => Assert.Contains(
            expected, Assert.Throws<ProvenanceException>(() => document.Verify(proof, provenance, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_adapter_has_its_base_s_manifest_within_its_own()
    {
        Train(Recipe(), Key);
        var adapter = Train(Tune("base/model.gguf"), null, "tuned", "adapter");
        var signed = adapter.SignedManifest;
        Assert.False(signed.IsSigned);
        Assert.Equal(["small", "base"], signed.Lineage.Select(one => one.Manifest.Model));
        Assert.True(signed.Lineage.Last().HasRightSignature());
        Assert.Equal(
            FindingState.Unchecked, ProvenanceVerifier.VerifySignature(adapter).State);
        var member = Read("member.txt");
        Assert.Equal(
            [("small", "letters", Membership.Member), ("base", "letters", Membership.Member), ("base", "notes", Membership.Absent)],
            member.Verify(member.Prove(adapter, Key, false), adapter, Key).Select(found => (found.Model, found.Source, found.Membership)));
        var findings = ProvenanceVerifier.Verify(adapter, Tune("base/model.gguf"), null, null, None);
        Assert.DoesNotContain(findings, finding => finding.State == FindingState.Wrong);
        // The documents of the base are held against its manifest as well.
        Assert.Contains(findings, finding => finding is { Subject: "source 'notes' of base", State: FindingState.Right });

        // A base that names no manifest is undisclosed, and so is one whose manifest is not at hand.
        using (var source = ModelSource.Open(_folder.PathOf("base", "model.gguf")))
        {
            var writer = new GgufWriter();
            foreach (var key in source.Metadata.Keys.Where(key => key != ModelSource.ProvenanceKey))
                writer.Add(key, source.Metadata.Find(key)!);
            using var exact = GgufFile.Open(source.Path);
            foreach (var tensor in exact.Tensors)
            {
                writer.AddTensor(
                    tensor.Name, tensor.Type, tensor.Dimensions, stream => stream.Write(exact.Data(tensor).Span(0, (int)tensor.Bytes)));
            }
            writer.Save(_folder.PathOf("silent.gguf"));
        }
        var silent = Train(Tune("silent.gguf"), null, "silent", "adapter").SignedManifest;
        Assert.Equal((null, null), (silent.Manifest.Parent!.Manifest, silent.Manifest.Parent.Provenance));
        Assert.Contains(
            "\"provenance\": \"undisclosed\"", File.ReadAllText(_folder.PathOf("silent", "adapter", "provenance.json")),
            StringComparison.Ordinal);
        File.Delete(_folder.PathOf("base", "provenance.json"));
        var lost = Train(Tune("base/model.gguf"), null, "lost", "adapter").SignedManifest;
        Assert.Equal(signed.Manifest.Parent!.Manifest, lost.Manifest.Parent!.Manifest);
        Assert.Null(lost.Manifest.Parent.Provenance);
    }

    [Theory]
    [InlineData("gguf", "model.gguf")]
    [InlineData("safetensors", "model")]
    public void Without_the_weights_of_its_parent_a_tuned_model_reads_its_data_itself_and_the_parent_stays_unchecked(
        string format, string output)
    {
        var text = Text().Replace("folder: run", $"folder: run\n  format: {format}", StringComparison.Ordinal);
        var parent = Train(RecipeReader.Read(_folder.PathOf("base.yaml"), text), Key, "base", output);
        var recipe = Tune($"base/{output}", adapter: "");
        var tuned = Train(recipe, Key, "tuned");
        var adapter = Train(Tune($"base/{output}"), Key, "adapted", "adapter");
        var complete = VerifyWith(tuned, recipe);
        Assert.All(complete, finding => Assert.Equal(FindingState.Right, finding.State));

        Directory.Move(_folder.PathOf("base"), _folder.PathOf("away"));
        var findings = VerifyWith(tuned, recipe);
        var rest = Assert.Single(findings, finding => finding.State != FindingState.Right);
        Assert.Equal(("parent", FindingState.Unchecked), (rest.Subject, rest.State));
        Assert.Contains(tuned.SignedManifest.Manifest.Parent!.Digest, rest.Detail, StringComparison.Ordinal);
        Assert.Contains(_folder.PathOf("base", output), rest.Detail, StringComparison.Ordinal);
        // All else is found as it is with the parent.
        Assert.Equal(
            complete.Where(finding => finding.Subject != "parent"), findings.Where(finding => finding.Subject != "parent"));

        WriteLetters("abcdefgi");
        var wrong = Assert.Single(VerifyWith(tuned, recipe), finding => finding.State == FindingState.Wrong);
        Assert.Equal("source 'letters'", wrong.Subject);
        Assert.Contains("root", wrong.Detail, StringComparison.Ordinal);

        // An adapter can't read them, and a model that was made of nothing has no parent to be without.
        var error = Assert.Throws<RecipeException>(() => VerifyWith(adapter, Tune($"base/{output}")));
        Assert.Contains($"there is no file or folder {_folder.PathOf("base", output)}", error.Message, StringComparison.Ordinal);
        var first = ModelProvenance.Open(parent.Model.Replace(_folder.PathOf("base"), _folder.PathOf("away"), StringComparison.Ordinal));
        Assert.Contains(VerifyWith(first, recipe), finding => finding is { Subject: "parent", State: FindingState.Wrong });

        IReadOnlyList<ProvenanceFinding> VerifyWith(ModelProvenance provenance, Recipe recipe) =>
            ProvenanceVerifier.Verify(provenance, recipe, Key, null, None);
    }

    [Fact]
    public void A_folder_of_safetensors_names_its_manifest_too()
    {
        var text = Text().Replace("folder: run", "folder: run\n  format: safetensors\n  type: BF16", StringComparison.Ordinal);
        var provenance = Train(RecipeReader.Read(_folder.PathOf("small.yaml"), text), Key, "folder", "model");
        Assert.All(Verify(provenance, Key, text), finding => Assert.Equal(FindingState.Right, finding.State));
        // In another kind of file the weights have the same digest, where their types stay.
        using var source = ModelSource.Open(provenance.Model);
        ModelConverter.Convert(source, _folder.PathOf("copy"), ModelFormat.Safetensors);
        using var copy = ModelSource.Open(_folder.PathOf("copy"));
        Assert.Equal(provenance.SignedManifest.Digest, copy.ProvenanceDigest);
        Assert.Equal(source.ComputeTensorDigest().ToArray(), copy.ComputeTensorDigest().ToArray());
    }

    [Fact]
    public void A_private_source_takes_a_key_before_anything_is_learned()
    {
        var error = Assert.Throws<ProvenanceException>(() => Train(Recipe(), null));
        Assert.Contains("the source 'notes' is private", error.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.PathOf("base", "checkpoint.bin")));
    }

    [Fact]
    public void A_key_is_for_its_owner_alone_and_damaged_ones_are_refused()
    {
        var path = _folder.PathOf("maker.key");
        Assert.Throws<IOException>(() => MakerKey.Create(path));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.GroupRead);
            Assert.Contains("chmod 600", Assert.Throws<ProvenanceException>(() => MakerKey.Read(path)).Message, StringComparison.Ordinal);
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        var good = File.ReadAllText(path);
        var random = new Random(11);
        for (var round = 0; round < 200; round++)
        {
            var text = good.ToCharArray();
            text[random.Next(text.Length)] = (char)random.Next(32, 127);
            File.WriteAllText(path, round % 3 == 0 ? good[..random.Next(good.Length - 2)] : new string(text));
            try
            {
                MakerKey.Read(path);
            }
            catch (ProvenanceException)
            {
            }
        }
        Assert.Throws<ProvenanceException>(() => MakerKey.Read(_folder.PathOf("nowhere.key")));
    }

    [Fact]
    public void Random_damage_of_manifests_proofs_and_leaves_is_refused_in_a_sentence_or_read()
    {
        var provenance = Train(Recipe(), Key);
        var document = Read("other.txt");
        var proof = document.Prove(provenance, Key, true);
        using var stream = new MemoryStream();
        proof.Write(stream);
        var leaves = File.ReadAllBytes(_folder.PathOf("base", "provenance.leaves"));
        var random = new Random(29);
        for (var round = 0; round < 600; round++)
        {
            Try(() => SignedManifest.Parse("p.json", Damaged(File.ReadAllBytes(provenance.Path))).HasRightSignature());
            Try(() => document.Verify(DocumentProof.Parse("proof.json", Damaged(stream.ToArray())), provenance, null));
            File.WriteAllBytes(_folder.PathOf("damaged.leaves"), Damaged(leaves));
            Try(() => LeafFile.Read(_folder.PathOf("damaged.leaves")));
        }

        static void Try(Action action)
        {
            try
            {
                action();
            }
            catch (ProvenanceException error)
            {
                Assert.InRange(error.Message.Length, 20, 1000);
            }
        }

        byte[] Damaged(byte[] good)
        {
            const string Characters = "{}[]\",:0123456789abcdef-.eE\\ntu \n";
            var bytes = good.ToList();
            for (var change = random.Next(1, 4); change > 0; change--)
            {
                var place = random.Next(bytes.Count);
                switch (random.Next(3))
                {
                    case 0:
                        bytes[place] = (byte)random.Next(256);
                        break;
                    case 1:
                        bytes[place] = (byte)Characters[random.Next(Characters.Length)];
                        break;
                    default:
                        bytes.RemoveRange(place, Math.Min(random.Next(1, 40), bytes.Count - place));
                        break;
                }
            }
            return [.. bytes];
        }
    }

    [Fact]
    public void Leaves_that_cannot_be_are_refused_by_their_place()
    {
        var root = new string('a', 64);
        var digest = new byte[32];
        AssertRefused("", [], "byte 0: expected 'ayni leaves 2'");
        AssertRefused("ayni leaves 2\nsource x 1\n", digest, "byte 14: expected 'source'");
        AssertRefused($"ayni leaves 2\nsource {root} 9999999999\n", digest, "byte 14: expected 'source'");
        AssertRefused($"ayni leaves 2\nsource {root} 2147483647\n", digest, "byte 14: the file ends before 2147483647 digests");
        AssertRefused($"ayni leaves 2\nsource {root} 2\n", [.. digest, .. digest], "byte 120: the digests of a source ascend");
        AssertRefused($"ayni leaves 2\nsource {root} 1\n", digest, "byte 14: the 1 digests that follow have the root");
        AssertRefused(new string('x', 1000), [], "byte 0: the line is too long");

        void AssertRefused(string heading, byte[] digests, string expected)
        {
            File.WriteAllBytes(_folder.PathOf("x.leaves"), [.. System.Text.Encoding.ASCII.GetBytes(heading), .. digests]);
            var error = Assert.Throws<ProvenanceException>(() => LeafFile.Read(_folder.PathOf("x.leaves")));
            Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_converted_model_has_its_manifest_and_its_documents_beside_it()
    {
        var provenance = Train(Recipe(), Key);
        var (again, folder) = (_folder.PathOf("again.gguf"), _folder.PathOf("again"));
        File.WriteAllText(_folder.PathOf("again.provenance.leaves"), "those of another model");
        using (var source = ModelSource.Open(provenance.Model))
        {
            ModelConverter.Convert(source, again, ModelFormat.Gguf, null, replaces: false, workers: 1);
            ModelConverter.Convert(source, folder, ModelFormat.Safetensors, null, replaces: false, workers: 1);
        }
        foreach (var converted in (string[])[again, folder])
        {
            provenance.CopyBeside(converted);
            Assert.All(Verify(ModelProvenance.Open(converted), Key), finding => Assert.Equal(FindingState.Right, finding.State));
        }
        // Nothing is put beside a model that names another manifest.
        var other = Train(Recipe(), MakerKey.Create(_folder.PathOf("second.key")), "other");
        File.Copy(other.Model, again, overwrite: true);
        File.Delete(_folder.PathOf("again.provenance.json"));
        provenance.CopyBeside(again);
        Assert.False(File.Exists(_folder.PathOf("again.provenance.json")));
    }

    private static IEnumerable<ProvenanceFinding> SourcesIn(IEnumerable<ProvenanceFinding> findings) =>
        findings.Where(finding => finding.Subject.StartsWith("source", StringComparison.Ordinal));

    private void WriteLetters(string letters) => File.WriteAllLines(
        _folder.PathOf("letters.jsonl"), Enumerable.Range(0, 30).Select(line => $$"""{"text":"{{letters[(line % 8)..]}}{{letters}} {{line}}"}"""));

    private static string Text() => "name: base\n" + RecipeTests.Small.Replace("steps: 12", "steps: 3", StringComparison.Ordinal).Replace(
        "      rights_holder: us\n",
        """
              rights_holder: us
            - name: notes
              path: notes.jsonl
              licence: CC0-1.0
              origin: written here
              rights_holder: Ana
              share: 0.25
              weight: 2.5
              visibility: private
              mask: [email]

        """.ReplaceLineEndings("\n"), StringComparison.Ordinal);

    private Recipe Recipe() => RecipeReader.Read(_folder.PathOf("base.yaml"), Text());

    private Recipe Tune(string parent, string adapter = "adapter:\n  rank: 2")
    {
        var text = RecipeTests.Small.Replace("steps: 12", "steps: 2", StringComparison.Ordinal)
            .Replace("rate: 1e-2", $"rate: 1e-2\n{adapter}", StringComparison.Ordinal);
        var (start, end) = (text.IndexOf("  tokenizer:", StringComparison.Ordinal), text.IndexOf("data:", StringComparison.Ordinal));
        return RecipeReader.Read(_folder.PathOf("small.yaml"), $"{text[..start]}  parent: {parent}\n{text[end..]}");
    }

    private ModelProvenance Train(Recipe recipe, MakerKey? key, string folder = "base", string output = "model.gguf")
    {
        using (var run = TrainingRun.Open(recipe, _folder.PathOf(folder), 1, TimeProvider.System, key))
            Assert.Equal(_folder.PathOf(folder, output), run.Run());
        return ModelProvenance.Open(_folder.PathOf(folder, output));
    }

    private IReadOnlyList<ProvenanceFinding> Verify(ModelProvenance provenance, MakerKey? key, string? text = null) =>
        ProvenanceVerifier.Verify(
            provenance, RecipeReader.Read(_folder.PathOf("small.yaml"), text ?? Text()), key, null, None);

    private GivenDocument Read(string name) => GivenDocument.Read(_folder.PathOf(name), null);
}
