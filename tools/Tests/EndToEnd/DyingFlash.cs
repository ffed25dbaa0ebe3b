using DeviceAgent.Board;
using VirtualDevice.Board;

namespace Tests.EndToEnd;

/// <summary>A flash on which one file cannot be written any more.</summary>
internal sealed class DyingFlash(string folder, string deadFile) : IStorage
{
    private readonly DirectoryStorage _flash = new(folder);

    public byte[] Read(string name) => _flash.Read(name);

    public bool Holds(string name, byte[] content) => _flash.Holds(name, content);

    public void Write(string name, byte[] content)
    {
        if (name == deadFile)
        {
            throw new IOException("the flash is worn out");
        }

        _flash.Write(name, content);
    }

    public void Delete(string name) => _flash.Delete(name);

    public string[] List() => _flash.List();
}
