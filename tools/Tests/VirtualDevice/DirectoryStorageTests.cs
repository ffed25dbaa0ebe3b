using Microsoft.VisualStudio.TestTools.UnitTesting;
using VirtualDevice.Board;

namespace Tests.VirtualDevice;

[TestClass]
public sealed class DirectoryStorageTests
{
    private readonly string _parent = Directory.CreateTempSubdirectory("flash-").FullName;

    private string Folder => Path.Combine(_parent, "flash");

    [TestCleanup]
    public void DeleteAll() => Directory.Delete(_parent, recursive: true);

    [TestMethod]
    public void What_was_written_is_there_for_the_next_start()
    {
        byte[] content = [0, 1, 255];
        new DirectoryStorage(Folder).Write("identity.0", content);

        var storage = new DirectoryStorage(Folder);

        CollectionAssert.AreEqual(content, storage.Read("identity.0"));
        CollectionAssert.AreEqual(content, File.ReadAllBytes(Path.Combine(Folder, "identity.0")));
        CollectionAssert.AreEqual(new[] { "identity.0" }, storage.List());
        Assert.IsNull(storage.Read("identity.1"));
    }

    [TestMethod]
    public void A_file_is_replaced_whole_and_deleted()
    {
        var storage = new DirectoryStorage(Folder);
        storage.Write("a", new byte[1000]);
        storage.Write("a", [1]);
        storage.Write("empty", []);

        CollectionAssert.AreEqual(new byte[] { 1 }, storage.Read("a"));
        CollectionAssert.AreEqual(Array.Empty<byte>(), storage.Read("empty"));
        storage.Delete("a");
        storage.Delete("a");
        Assert.IsNull(storage.Read("a"));
        CollectionAssert.AreEqual(new[] { "empty" }, storage.List());
        Assert.HasCount(1, Directory.GetFileSystemEntries(Folder));
    }

    [TestMethod]
    public void Changes_are_counted_and_nothing_else()
    {
        var storage = new DirectoryStorage(Folder);
        storage.Read("a");
        storage.List();
        storage.Delete("a");
        Assert.AreEqual(0, storage.Changes);

        storage.Write("a", [1]);
        storage.Read("a");
        Assert.AreEqual(1, storage.Changes);
        storage.Delete("a");
        Assert.AreEqual(2, storage.Changes);
    }

    [TestMethod]
    public void Only_the_owner_can_read_the_files()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Inconclusive("Windows has no file modes.");
            return;
        }

        var storage = new DirectoryStorage(Folder);
        storage.Write("key", [1]);
        File.SetUnixFileMode(Path.Combine(Folder, "key"), UnixFileMode.UserRead | UnixFileMode.OtherRead);
        storage.Write("key", [2]);

        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(Folder, "key")));
        Assert.AreEqual(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder));
    }

    [TestMethod]
    public void What_a_write_that_was_cut_off_left_behind_is_no_file()
    {
        var storage = new DirectoryStorage(Folder);
        storage.Write("a", [1]);
        File.Move(Path.Combine(Folder, "a"), Path.Combine(Folder, "a.tmp"));

        Assert.IsEmpty(storage.List());
        Assert.IsNull(storage.Read("a"));
        storage.Write("a", [2]);
        CollectionAssert.AreEqual(new byte[] { 2 }, storage.Read("a"));
        Assert.HasCount(1, Directory.GetFileSystemEntries(Folder));
    }

    [TestMethod]
    [DataRow("")]
    [DataRow(".")]
    [DataRow("..")]
    [DataRow("../a")]
    [DataRow("a/b")]
    [DataRow("/a")]
    [DataRow("a.tmp")]
    public void A_name_that_is_none_is_refused(string name)
    {
        var storage = new DirectoryStorage(Folder);

        Assert.ThrowsExactly<ArgumentException>(() => storage.Write(name, [1]));
        Assert.ThrowsExactly<ArgumentException>(() => storage.Read(name));
        Assert.ThrowsExactly<ArgumentException>(() => storage.Delete(name));
        Assert.AreEqual(0, storage.Changes);
        Assert.HasCount(1, Directory.GetFileSystemEntries(_parent));
    }

    [TestMethod]
    public void A_failure_of_the_disk_is_an_IOException()
    {
        var storage = new DirectoryStorage(Folder);
        Directory.CreateDirectory(Path.Combine(Folder, "taken"));
        Assert.Throws<IOException>(() => storage.Write("taken", [1]));

        Directory.Delete(Folder, recursive: true);
        Assert.Throws<IOException>(() => storage.Write("a", [1]));
        Assert.Throws<IOException>(() => storage.List());
    }
}
